"""What follows a step that was solved."""

from __future__ import annotations

import pytest

from labrunner.cli.solve_command import what_now
from labrunner.model.verdict import State, StepReport, Verdict
from tests.unit.builders import ref


@pytest.mark.parametrize(
    ("verdict", "follows"),
    [
        (Verdict.PASSED, ("labrunner next", "next: ")),
        (Verdict.BLOCKED, ("labrunner goto lab/step", "next: ")),
        (Verdict.FAILED, ("labrunner check lab/step", "then: ")),
        (Verdict.ERRORED, ("labrunner check lab/step", "then: ")),
    ],
)
def test_only_a_step_that_passed_is_left(verdict: Verdict, follows: tuple[str, str]) -> None:
    """One that failed has said what to do first."""
    report = StepReport(ref("step"), number=1, title="A step", verdict=verdict, state=State.OPEN, checks=())
    assert what_now(report) == follows
