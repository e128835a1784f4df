"""A learner who does what the screens say, and nothing else, from the first lab to the last."""

from __future__ import annotations

import pytest

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from tests.e2e.learner.person import Person
from tests.e2e.learner.reader import follows

pytestmark = pytest.mark.engine


def test_who_does_what_the_screens_say_passes_every_step_of_every_lab(person: Person) -> None:
    """``start`` once, then the screens, each of which ``next`` gives; in the end all labs are green."""
    course = load_course(course_folder("labs"))
    screen = person.does("start", course.labs[0].name)
    done = []
    for _ in course.steps:
        done.append(follows(person, screen))
        screen = person.does("next")
    assert done == [(step.ref.lab, step.ref.step) for step in course.steps]
    assert screen == "all labs are done\n"
    for lab in course.labs:
        assert set(person.verdicts(lab.name).values()) == {"passed"}, lab.name
        assert person.labrunner("check", lab.name).returncode == 0
