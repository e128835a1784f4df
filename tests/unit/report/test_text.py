"""What a report says of a step that has not passed."""

from __future__ import annotations

from dataclasses import replace

from labrunner.model.verdict import CheckResult, State, StepReport, Verdict
from labrunner.report.screen import Screen
from labrunner.report.text import step_text
from tests.unit.builders import a_result, ref


def failed(*checks: CheckResult) -> str:
    """The text on a failed step with these checks."""
    return step_text(StepReport(ref("step"), 1, "A step", Verdict.FAILED, State.OPEN, checks), Screen(80))


def a_failure(says: str, reason: str, follows: str | None) -> CheckResult:
    return replace(a_result("step", Verdict.FAILED), says=says, reason=reason, next=follows)


def test_each_command_that_follows_can_be_copied() -> None:
    shown = failed(a_failure("it runs", "it has ended", "docker rm web, then docker run nginx, or labrunner solve"))
    assert shown.splitlines()[1:] == [
        "          it runs",
        "          why:  it has ended",
        "          next: docker rm web",
        "          then: docker run nginx",
        "          or: labrunner solve",
    ]


def test_what_two_checks_miss_alike_is_told_once() -> None:
    """Each sentence is shown; another reason, or another way out, is told as well."""
    same = [a_failure(says, "no image", "docker build .") for says in ("it is built", "its copy is last")]
    shown = failed(*same, a_failure("it is small", "no image", "docker image ls"))
    assert (shown.count("it is built"), shown.count("its copy is last"), shown.count("it is small")) == (1, 1, 1)
    assert (shown.count("docker build ."), shown.count("docker image ls"), shown.count("no image")) == (1, 1, 2)
