"""A course of two labs in which lint finds nothing, and what it finds after a change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from labrunner.authoring.finding import Finding
from labrunner.authoring.lint import lint
from labrunner.authoring.source import read_course

Change = Callable[[str, str, str], None]
Judge = Callable[..., list[Finding]]
At = Callable[[str, str], int]
Found = Callable[..., list[tuple[str, int, str]]]

TODAY = date(2026, 1, 1)
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
