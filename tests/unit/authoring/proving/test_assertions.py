"""What counts as an assertion of the checks, and that each can be switched off alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.authoring.proving.assertions import (
    HELPERS,
    SWITCHED_OFF,
    assertions_of,
    refused_at,
    switchable,
)
from labrunner.verify.checking import Blocked, NotDone, require

CHECKS = """\
def require(condition, reason):
    if not condition:
        raise NotDone(reason)

def check(number):
    require(
        number > 1,
        "more than one",
    )
    if number == 2:
        raise Blocked("two")
    # no near miss: nobody has so many
    require(number < 100, "fewer")
    assert number != 3, "three"
    demand_even(number)
    return demand_even(number)

def demand_even(number):
    if number % 2:
        raise NotDone("even")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of checks."""
    file = tmp_path / "test_01_number.py"
    file.write_text(CHECKS)
    return file


def test_every_statement_that_refuses_is_one(file: Path) -> None:
    """But for the word ``require`` itself, and a helper whose answer is used: it asserts where it stands."""
    found = [(each.line, each.text) for each in assertions_of(file)]
    assert found == [
        (6, "number > 1"),
        (11, "raise Blocked('two')"),
        (13, "number < 100"),
        (14, "number != 3"),
        (15, "demand_even(number)"),
        (20, "raise NotDone('even')"),
    ]


def test_a_comment_above_is_the_reason_of_an_exception(file: Path) -> None:
    assert [each.line for each in assertions_of(file) if each.reason == "nobody has so many"] == [13]


def test_one_is_found_by_any_of_its_lines(file: Path) -> None:
    known = assertions_of(file)
    assert [each.place for each in refused_at({(file.name, 8)}, known)] == ["test_01_number.py:6"]
    assert refused_at({("test_02_number.py", 6), (file.name, 10)}, known) == ()


@pytest.mark.parametrize(("number", "line"), [(1, 6), (2, 11), (101, 13), (3, 14), (5, 20)])
def test_what_one_refuses_is_not_refused_without_it(file: Path, number: int, line: int) -> None:
    """Each number but the odd ones is refused at one place only."""
    off: set[str] = set()
    known = {SWITCHED_OFF: off, "NotDone": NotDone, "Blocked": Blocked, "require": require}
    exec(compile(switchable(CHECKS, file.name), file.name, "exec"), known)  # noqa: S102 - the source stands above
    with pytest.raises((NotDone, Blocked, AssertionError)):
        known["check"](number)  # type: ignore[operator]
    off |= {f"{file.name}:{line}", *({f"{file.name}:20"} if number % 2 else ())}
    known["check"](number)  # type: ignore[operator]


def test_the_helpers_have_assertions() -> None:
    assert all(assertions_of(file) for file in HELPERS)


def test_a_file_that_is_no_python_has_none(tmp_path: Path) -> None:
    (tmp_path / "test_01_ill.py").write_text("def (")
    assert assertions_of(tmp_path / "test_01_ill.py") == ()
