"""How a check judges: what each rule finds after one change."""

from __future__ import annotations

import pytest

from tests.unit.authoring.conftest import Case, Change, Finds, Found

WEB, PUSH = "checks/test_01_web.py", "checks/test_02_push_it.py"


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "check-reason",
            WEB,
            ', next="docker ps")',
            ")",
            "require(engine.container(answer)",
            "a next command in require(), found none",
        ),
        Case(
            "check-reason",
            WEB,
            ', "it is another one", next="docker ps")',
            ', "", next="docker ps")',
            "require(engine.container(answer)",
            "a reason in require(), found none",
        ),
        Case(
            "check-reason",
            WEB,
            '"docker stop site, as labrunner show web/stop says"',
            "None",
            "raise NotDone",
            "a next command in NotDone(), found none",
        ),
        Case(
            "check-reason",
            WEB,
            "    return engine",
            "    assert identity\n    return engine",
            "assert identity",
            "found a bare assert",
        ),
        Case(
            "check-reason",
            WEB,
            'raise NotDone("it still runs", "docker stop site, as labrunner show web/stop says")',
            "pass",
            "def test_it_is_stopped",
            "test_it_is_stopped to refuse what is not done by require(), found that it refuses nothing",
        ),
        Case(
            "check-looks",
            WEB,
            'engine.container(answer).id == recorded("serve")["container"]',
            'recorded("serve")["container"] == answer',
            "def test_id_is_known",
            "test_id_is_known to ask the engine, a port, the registry or a process, found that it does not",
        ),
        Case(
            "check-looks",
            PUSH,
            'registry.manifest("app")',
            "registry.host",
            "def test_image_is_sent",
            "test_image_is_sent to ask the engine",
        ),
        Case(
            "check-literal",
            WEB,
            "docker run -p {var['web_port']}:80",
            "docker run -p 8080:80",
            "require(container,",
            'var["web_port"], found its value 8080',
        ),
        Case(
            "check-literal",
            PUSH,
            "docker build .",
            "docker build -t student/app .",
            "require(engine.image",
            'var["user"], found its value student',
        ),
    ],
)
def test_mistake_is_found(finds: Finds, case: Case) -> None:
    """With its line in the file of checks, and what was expected."""
    assert case.says in finds(case)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("engine.container(answer).id ==", 'Path("/proc/1/status").read_text() =='),
        ('require(engine.container(answer).id == recorded("serve")["container"],', "require(engine.api.x()[0],"),
        (
            'raise NotDone("it still runs", "docker stop site, as labrunner show web/stop says")',
            "raise NotDone(*why())",
        ),
        ("evidence.update(container=container.id)", 'evidence["container"] = container.id'),
        ("evidence.update(container=container.id)", "evidence.update(before)"),
    ],
)
def test_what_is_right_is_not_found(found: Found, change: Change, old: str, new: str) -> None:
    """Other ways to ask, to refuse and to record."""
    change(WEB, old, new)
    assert found("web") == []
