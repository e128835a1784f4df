"""The next hint of a step, from vague to exact, and what the last check found."""

from __future__ import annotations

from dataclasses import dataclass

from labrunner.model.lab import Step
from labrunner.model.progress import Finding
from labrunner.runner.session import Session


@dataclass(frozen=True)
class Hint:
    """Hint ``number`` of ``of``, in Markdown; ``step`` has its placeholders filled in, ``next`` is further help."""

    step: Step
    number: int
    of: int
    text: str
    found: Finding | None
    next: str


def next_hint(session: Session, step: Step) -> Hint:
    """The hint after those that the learner has seen, which the journal records; the last one again after the last."""
    filled = session.filled(step)
    number = min(session.progress.hints.get(step.ref, 0) + 1, len(filled.hints))
    if session.home.path.exists():
        session.home.journal.hinted(step.ref, number)
    following = "hint" if number < len(filled.hints) else "solve"
    return Hint(
        step=filled,
        number=number,
        of=len(filled.hints),
        text=filled.hints[number - 1],
        found=session.progress.wanting.get(step.ref),
        next=f"labrunner {following} {step.ref}",
    )
