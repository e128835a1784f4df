"""A learner who has fallen behind: ``goto`` the last step of a lab from an empty home, and ``solve`` to the end."""

from __future__ import annotations

import json

import pytest

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from tests.e2e.learner.person import Person

pytestmark = pytest.mark.engine

LABS = load_course(course_folder("labs")).labs


SLOW = pytest.mark.slow


# The gotos of other tests walk through labs 1 and 2, and part of 4.
@pytest.mark.parametrize("number", [3, *(pytest.param(number, marks=SLOW) for number in (1, 2, 4, 5, 6))])
def test_who_is_lost_gets_to_the_last_step_and_is_shown_the_end(person: Person, number: int) -> None:
    """What comes before is brought about on the engine, in labs that this one needs too; the last step is done too."""
    lab = LABS[number - 1]
    last = lab.steps[-1]
    there = person.does("goto", f"{lab.name}/{last.name}")
    assert f"{last.position} {last.name}: " in there
    where = json.loads(person.does("--json"))
    assert (where["lab"], where["name"]) == (lab.name, last.name)
    assert f"PASSED    {last.position} {last.name}: " in person.does("solve")
    for each in LABS:
        if each.name in {lab.name, *lab.needs}:
            assert set(person.verdicts(each.name).values()) == {"passed"}
