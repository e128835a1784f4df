"""A lab of the clean course, with cases of its step ``serve``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labrunner.authoring.proving.case import Case
from labrunner.authoring.proving.read import read_cases
from labrunner.content.course import load_course
from labrunner.model.lab import Lab, Step

Read = Callable[[str], tuple[Case, ...]]
Mistakes = Callable[[str], list[str]]


@pytest.fixture
def lab(course: Path) -> Lab:
    """The lab ``web``."""
    return load_course(course / "labs").lab("web")


@pytest.fixture
def step(lab: Lab) -> Step:
    """Its step ``serve``, which runs nginx."""
    return lab.steps[0]


@pytest.fixture
def mistakes(lab: Lab) -> Mistakes:
    """``mistakes(yaml)``: what is said of a file of cases, each with its line."""

    def said(text: str, name: str = "serve.yaml") -> list[str]:
        _write(lab, text, name)
        return [f"{mistake.line}: {mistake.says.partition(': ')[2]}" for mistake in read_cases(lab)[1]]

    return said


@pytest.fixture
def read(lab: Lab, step: Step) -> Read:
    """``read(yaml)``: the cases of the step, of a file in which nothing is wrong."""

    def cases(text: str) -> tuple[Case, ...]:
        _write(lab, text, "serve.yaml")
        found, wrong = read_cases(lab)
        assert wrong == ()
        return found[step.ref]

    return cases


def _write(lab: Lab, text: str, name: str) -> None:
    folder = lab.folder / "nearmiss"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
