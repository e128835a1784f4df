"""Labs, steps and the course as data."""

from __future__ import annotations

import pytest

from labrunner.model.lab import StepRef
from tests.unit.builders import a_course, a_lab, a_step


def test_reference_is_written_lab_slash_step() -> None:
    """A step's stable name anywhere in the course."""
    assert str(StepRef("nginx-and-mongo", "stop")) == "nginx-and-mongo/stop"


def test_step_has_a_name_and_a_position() -> None:
    """Both words lead to the step."""
    step = a_step("mongo", number=3)
    assert (step.name, step.position) == ("mongo", "step3")


def test_lab_needs_the_other_labs_of_its_steps_once_each_in_order_of_mention() -> None:
    """A need within the lab itself is none of the lab."""
    lab = a_lab(a_step("a", needs=("push/push", "build/run")), a_step("b", needs=("a", "push/login")))
    assert lab.needs == ("push", "build")


def test_course_finds_labs_and_steps_by_name() -> None:
    """Names lead to the very objects."""
    first, second = a_step("x", lab="one"), a_step("x", lab="two")
    course = a_course(first, second)
    assert course.lab("two").steps == (second,)
    assert course.step(StepRef("two", "x")) is second
    assert course.steps == (first, second)


def test_course_does_not_find_what_is_not_there() -> None:
    """A wrong name is a KeyError that shows it."""
    course = a_course(a_step("x", lab="one"))
    with pytest.raises(KeyError, match="three"):
        course.lab("three")
    with pytest.raises(KeyError, match="one/y"):
        course.step(StepRef("one", "y"))
