"""A course of two labs in which lint finds nothing, and what it finds after a change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from labrunner.authoring.finding import Finding
from labrunner.authoring.lint import lint
from labrunner.authoring.source import read_course


class Case(NamedTuple):
    """A change, the rule that finds it, the text on the line where it does, and what is said."""

    rule: str
    file: str
    old: str
    new: str
    place: str
    says: str


Finds = Callable[[Case], str]
Change = Callable[[str, str, str], None]
Judge = Callable[..., list[Finding]]
At = Callable[[str, str], int]
Found = Callable[..., list[tuple[str, int, str]]]

TODAY = date(2026, 1, 1)
WEB, PUSH = "labs/01-web/lab.md", "labs/02-push-it/lab.md"
CLEAN = Path(__file__).parent / "clean"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course ``clean``: labs, checks and images."""
    for file in (each for each in CLEAN.rglob("*") if each.is_file()):
        copy = tmp_path / file.relative_to(CLEAN).with_suffix(file.suffix.removesuffix(".txt"))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    return tmp_path


@pytest.fixture
def change(course: Path) -> Change:
    """``change(file, old, new)`` exchanges what stands once in one file of the course."""

    def exchange(file: str, old: str, new: str) -> None:
        path = course / file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new))

    return exchange


@pytest.fixture
def judge(course: Path) -> Judge:
    """``judge()`` are the findings in the course, ``judge("web")`` those in a lab."""

    def findings(*labs: str) -> list[Finding]:
        source = read_course(course / "labs", course / "checks", course / "images", TODAY)
        return list(lint(source, frozenset(labs) or None))

    return findings


@pytest.fixture
def found(judge: Judge) -> Found:
    """``found()``: rule, line and sentence of each finding."""

    def rows(*labs: str) -> list[tuple[str, int, str]]:
        return [(finding.rule, finding.line, finding.says) for finding in judge(*labs)]

    return rows


@pytest.fixture
def at(course: Path) -> At:
    """``at(file, text)`` is the line on which the text stands."""

    def line(file: str, text: str) -> int:
        before, found, _ = (course / file).read_text().partition(text)
        assert found
        return before.count("\n") + 1

    return line


@pytest.fixture
def finds(found: Found, change: Change, at: At) -> Finds:
    """``finds(case)``: what the rule says after the change, having seen that it finds nothing elsewhere."""

    def said(case: Case) -> str:
        before = found()
        change(case.file, case.old, case.new)
        rows = [(line, says) for rule, line, says in found() if rule == case.rule and (rule, line, says) not in before]
        assert [line for line, _ in rows] == [at(case.file, case.place)]
        assert rows[0][1].startswith("expected ")
        return rows[0][1]

    return said
