"""Small builders of the model's data, so that a test names only what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from labrunner.engine.objects import Container, Port
from labrunner.model.lab import Action, Course, Evidence, Lab, Step, StepRef
from labrunner.model.progress import Passing, Progress
from labrunner.model.verdict import CheckResult, Verdict


def ref(text: str, lab: str = "lab") -> StepRef:
    """The reference written ``step`` or ``lab/step``."""
    of, _, step = text.rpartition("/")
    return StepRef(of or lab, step)


def a_step(  # noqa: PLR0913 - one keyword for each field
    name: str,
    *,
    lab: str = "lab",
    number: int = 1,
    needs: tuple[str, ...] = (),
    until: str | None = None,
    ask: str | None = None,
    text: str = "",
    hints: tuple[str, ...] = (),
    actions: tuple[Action, ...] = (),
) -> Step:
    """A step titled ``Do NAME``; its references are written as text."""
    return Step(
        ref=StepRef(lab, name),
        number=number,
        title=f"Do {name}",
        text=text,
        hints=hints,
        actions=actions,
        needs=tuple(ref(need, lab) for need in needs),
        until=None if until is None else ref(until, lab),
        ask=ask,
    )


def a_lab(  # noqa: PLR0913 - one keyword for each field
    *steps: Step,
    name: str = "lab",
    number: int = 1,
    folder: Path = Path("/nowhere"),
    intro: str = "",
    images: tuple[str, ...] = (),
    variables: Mapping[str, str] | None = None,
    ids: Mapping[str, Evidence] | None = None,
    secrets: Mapping[str, str] | None = None,
    carry: Mapping[str, tuple[str, ...]] | None = None,
) -> Lab:
    """A lab of these steps."""
    return Lab(
        name=name,
        number=number,
        title=f"The lab {name}",
        minutes=5,
        intro=intro,
        steps=steps,
        folder=folder,
        images=images,
        variables=variables or {},
        ids=ids or {},
        secrets=secrets or {},
        carry=carry or {},
    )


def a_course(*steps: Step) -> Course:
    """A course whose labs are the steps' own, in order of first mention."""
    names = dict.fromkeys(step.ref.lab for step in steps)
    return Course(
        tuple(
            a_lab(*(step for step in steps if step.ref.lab == name), name=name, number=number)
            for number, name in enumerate(names, start=1)
        )
    )


def a_result(step: str, verdict: Verdict = Verdict.PASSED, *, seconds: float = 0.0, **evidence: Any) -> CheckResult:  # noqa: ANN401 - JSON
    """The result of one check of the step written ``step`` or ``lab/step``."""
    return CheckResult(
        step=ref(step),
        check=f"test_{ref(step).step}",
        says=f"{ref(step).step} is done",
        verdict=verdict,
        reason=None if verdict is Verdict.PASSED else "it is not",
        evidence=evidence,
        seconds=seconds,
    )


def passed(*steps: str, **evidence: Any) -> Progress:  # noqa: ANN401 - JSON
    """The progress of a learner who has passed these steps, each with this evidence."""
    return Progress(
        passed={
            ref(step): Passing("2024-01-01T00:00:00+00:00", (a_result(step, seconds=0.25, **evidence),))
            for step in steps
        }
    )


def a_container(name: str, *, started: datetime | None = None, ports: tuple[Port, ...] = ()) -> Container:
    """A running container of nginx."""
    return Container(
        id="c" * 64,
        name=name,
        image="nginx",
        image_id="sha256:1",
        command=("nginx",),
        running=True,
        status="running",
        exit_code=0,
        error="",
        pid=1,
        created=None,
        started=started,
        ports=ports,
        memory=0,
        volumes=(),
        tty=False,
    )
