"""How checks and steps belong together: what each rule finds after one change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.authoring.conftest import Case, Change, Finds, Found

WEB, PUSH = "checks/test_01_web.py", "checks/test_02_push_it.py"


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "check-missing",
            WEB,
            '@step("stop")',
            '@step("stop it"',
            '@step("stop it"',
            "expected checks in Python, found a mistake: ",
        ),
        Case(
            "check-step",
            WEB,
            '@step("stop")\n',
            "",
            "def test_it_is_stopped",
            '@step("name") above test_it_is_stopped, found none',
        ),
        Case(
            "check-step",
            WEB,
            '@step("stop")\n',
            '@step("halt")\n',
            "def test_it_is_stopped",
            "a step of web in @step above test_it_is_stopped, found halt",
        ),
        Case(
            "check-says",
            WEB,
            '    """you know its ID"""\n',
            "",
            "def test_id_is_known",
            "the sentence that the learner reads, in test_id_is_known, found none",
        ),
        Case(
            "check-says",
            WEB,
            '"""you know its ID"""',
            '"""the page is served"""',
            "def test_id_is_known",
            "a docstring of its own in test_id_is_known, found that of test_page_is_served",
        ),
        Case(
            "check-asks",
            WEB,
            "recorded, answer):",
            "recorded):",
            "def test_id_is_known",
            "the fixture 'answer', since id asks something, in test_id_is_known, found none",
        ),
        Case(
            "check-asks",
            WEB,
            "engine, var, evidence",
            "engine, var, evidence, answer",
            "def test_page_is_served",
            "no fixture 'answer', since serve asks nothing, in test_page_is_served, found one",
        ),
        Case(
            "check-needs",
            WEB,
            'if _runs(engine, recorded("serve")',
            'if _runs(engine, recorded("id")',
            "if _runs",
            "recorded() of a step that stop needs in test_it_is_stopped, found id",
        ),
        Case(
            "check-needs", PUSH, "recorded('web/serve')", "recorded('web/id')", 'require(manifest, f"', "found web/id"
        ),
        Case(
            "name",
            WEB,
            "labrunner show web/stop says",
            "labrunner show web/halt says",
            "raise NotDone",
            "a lab or a step that exists, found web/halt",
        ),
    ],
)
def test_mistake_is_found(finds: Finds, case: Case) -> None:
    """With its line in the file of checks, and what was expected."""
    assert case.says in finds(case)


def test_step_without_a_check_is_found(found: Found, change: Change, course: Path) -> None:
    """At its heading; of a lab without any checks, at every one."""
    change(WEB, '@step("stop")', '@step("serve")')
    (step,) = [(line, says) for rule, line, says in found() if rule == "check-missing"]
    assert step[1] == 'expected a check with @step("stop") in test_01_web.py, found none'
    (course / WEB).unlink()
    assert [rule for rule, _, _ in found("web")] == ["check-missing"] * 3


def test_checks_of_no_lab_are_found(found: Found, course: Path) -> None:
    """Nobody would ever run them."""
    (course / WEB).rename(course / "checks/test_01_webb.py")
    assert ("check-step", 1, "expected checks of a lab that exists, found those of webb") in found()


def test_checks_that_are_no_text_are_found(found: Found, course: Path) -> None:
    """The labs are judged all the same."""
    (course / WEB).write_bytes(b"\xff")
    assert [row[:2] for row in found("web")] == [("check-missing", 1)]
    (course / WEB).unlink()
    (course / WEB).mkdir()
    assert [row[:2] for row in found("web")] == [("check-missing", 1)]
