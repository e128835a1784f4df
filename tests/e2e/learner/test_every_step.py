"""A learner who is wrong at every step of every lab, and one who is interrupted at every step; both finish."""

from __future__ import annotations

import pytest

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.model.lab import Step
from tests.e2e.learner.person import Person
from tests.e2e.learner.reader import follows

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(900)]

COURSE = load_course(course_folder("labs"))


def test_who_is_wrong_at_every_step_is_told_why_and_gets_on(person: Person) -> None:
    """Asks before anything is done, or answers what cannot be right; ``hint`` says why, and the screen leads on."""
    screen = person.does("start", COURSE.labs[0].name)
    for step in COURSE.steps:
        person.is_refused(str(step.ref), *(("--answer", "wrong") if step.ask else ()))
        follows(person, screen)
        screen = person.does("next")
    assert screen == "all labs are done\n"


def test_who_is_interrupted_at_every_step_goes_on(person: Person) -> None:
    """``solve`` is killed at its first, second or third line; the same command then comes to a good end."""
    person.does("start", COURSE.labs[0].name)
    for step in COURSE.steps:
        _killed_in_solve(person, step)
        assert "PASSED" in person.does("solve", str(step.ref))
        person.does("next")
    for lab in COURSE.labs:
        assert set(person.verdicts(lab.name).values()) == {"passed"}, lab.name


def _killed_in_solve(person: Person, step: Step) -> None:
    going = person.begins("solve", str(step.ref))
    with going:
        assert going.stdout is not None
        for _ in range(1 + step.number % 3):
            going.stdout.readline()
        going.kill()
