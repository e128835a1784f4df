"""What a cell shows: verdicts as HTML whose words carry the meaning, and a terminal's output as plain text."""

from __future__ import annotations

import io

import pytest

from labrunner.jupyter.shown import MEDIA_TYPE, Problem, Verdicts
from labrunner.jupyter.term import Shown
from labrunner.model.errors import ToolError
from labrunner.model.lab import StepRef
from labrunner.model.verdict import CheckResult, EngineFacts, LabReport, Report, State, StepReport, Verdict
from labrunner.report.data import step_from

STEP = StepRef("lab", "one")
FACTS = EngineFacts("docker", "20.10", rootless=False, endpoint="unix:///x", why="here")


def a_report(verdict: Verdict, reason: str | None = None, following: str | None = None) -> Report:
    check = CheckResult(STEP, "test_it", "it <runs>", verdict, reason, following, {"seen": "<script>"})
    step = StepReport(STEP, 1, "Run & look", verdict, State.OPEN, (check,))
    return Report(FACTS, (LabReport("lab", "Lab", (step,)),))


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_verdict_is_said_in_words_in_html_and_in_text(verdict: Verdict) -> None:
    shown = Verdicts(a_report(verdict, "it <is> not", "labrunner check lab/one"))._repr_mimebundle_()
    for kind in ("text/html", "text/plain"):
        assert verdict.value.upper() in shown[kind]
    assert 'role="status"' in shown["text/html"]


def test_all_is_escaped_and_worded_for_the_notebook() -> None:
    shown = Verdicts(a_report(Verdict.FAILED, "it <is> not", "labrunner check lab/one"))._repr_mimebundle_()
    assert "it &lt;is&gt; not" in shown["text/html"]
    assert "<script>" not in shown["text/html"]
    assert "<code>%check lab/one</code>" in shown["text/html"]
    assert "next: %check lab/one" in shown["text/plain"]


def test_the_json_is_the_command_lines_and_gives_the_same_report_again() -> None:
    report = a_report(Verdict.BLOCKED, "first the other", "labrunner check lab/zero")
    data = Verdicts(report)._repr_mimebundle_()[MEDIA_TYPE]
    assert step_from("lab", data["labs"][0]["steps"][0]) == report.labs[0].steps[0]


def test_an_error_is_a_sentence_with_what_leads_on() -> None:
    shown = Problem(ToolError("the engine is gone", next="labrunner start lab"))._repr_mimebundle_()
    assert shown["text/plain"] == "not done: the engine is gone\nnext: %lab lab"
    assert 'role="alert"' in shown["text/html"]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_cell_shows_what_a_terminal_shows_without_echo_prompt_and_control(size: int) -> None:
    """However the terminal's bytes are cut."""
    text = "docker ls\r\n\x1b[1mID  \x1b[m\r\n3f0e \x1b[K\r\n\x1b]133;D;0;aid=ab12\x07lab$ "
    to = io.StringIO()
    shown = Shown(to)
    for at in range(0, len(text), size):
        shown.write(text[at : at + size])
    assert to.getvalue() == "ID\n3f0e\n"
