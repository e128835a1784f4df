"""A case: one try at a step that is not the solution's, be it a near miss or an alternative."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from labrunner.model.lab import Action, Command, Step, WriteFile

#: The terminal that a case types in; those of the solution may be held by a program.
TERMINAL = "case"


@dataclass(frozen=True)
class Case:
    """What is tried, where it is written, and why it must be refused: for one of these reasons, or parts of one.

    Without a reason it must be accepted. ``answer`` is what the learner says where the step asks something. One that
    ``goes_on`` begins where the case before it has ended; every other one in the state before the step.
    """

    name: str
    file: Path
    line: int
    actions: tuple[Action, ...] = ()
    answer: str | None = None
    because: tuple[str, ...] = ()
    goes_on: bool = False

    @property
    def refused(self) -> bool:
        """Whether it is a near miss."""
        return bool(self.because)

    def differs_from(self, step: Step) -> bool:
        """Whether it does or says something that the step's solution does not."""
        return _done(self.actions) != _done(step.actions) or self.answer != step.ask

    def as_step(self, step: Step) -> Step:
        """The step done in this way, so that variables and placeholders are exchanged in a case as in a step.

        Its text is what must be said of it, a line for each reason.
        """
        return replace(
            step, title=self.name, text="\n".join(self.because), hints=(), actions=self.actions, ask=self.answer
        )


def typed(*lines: str) -> tuple[Command, ...]:
    """Command lines, typed in the terminal of the cases."""
    return tuple(Command(line, TERMINAL) for line in lines)


def files_of(step: Step) -> tuple[WriteFile, ...]:
    """The files that the solution of a step writes, as it leaves them."""
    return tuple(action for action in step.actions if isinstance(action, WriteFile))


def _done(actions: tuple[Action, ...]) -> list[Action]:
    return [replace(each, terminal="") if isinstance(each, Command) else each for each in actions]
