"""What ``goto`` has to do and to undo, read from the course alone."""

from __future__ import annotations

import pytest

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.model.lab import Course
from labrunner.model.progress import Progress
from labrunner.runner.catch_up import holding_at, labs_before, opened_again, steps_before
from tests.unit.builders import a_course, a_step, passed, ref

LABS = load_course(course_folder("labs"))
#: In lab one a server is started and used, and stopped at its end; lab two stands on it, lab three on nothing.
COURSE = a_course(
    a_step("run", lab="one", until="stop"),
    a_step("use", lab="one", number=2, needs=("run",)),
    a_step("stop", lab="one", number=3, needs=("run",)),
    a_step("build", lab="two", needs=("one/use",), until="three/end"),
    a_step("push", lab="two", number=2, needs=("build",)),
    a_step("end", lab="three"),
)


def names(course: Course, step: str) -> list[str]:
    return [str(each.ref) for each in steps_before(course, course.step(ref(step)))]


@pytest.mark.parametrize(
    ("lab", "before"),
    [
        ("first-container", ["first-container"]),
        ("nginx-and-mongo", ["nginx-and-mongo"]),
        ("push", ["build-flask-image", "push"]),
        ("clean-up", ["build-flask-image", "push", "deploy-change", "clean-up"]),
    ],
)
def test_lab_comes_after_all_that_it_needs_in_the_order_of_the_course(lab: str, before: list[str]) -> None:
    assert [each.name for each in labs_before(LABS, LABS.lab(lab))] == before


def test_several_labs_have_their_needs_once() -> None:
    found = labs_before(LABS, LABS.lab("deploy-change"), LABS.lab("first-container"))
    assert [each.name for each in found] == ["first-container", "build-flask-image", "push", "deploy-change"]


@pytest.mark.parametrize(
    ("step", "before"),
    [
        ("one/run", []),
        ("one/stop", ["one/run", "one/use"]),
        ("two/build", ["one/run", "one/use", "one/stop"]),
        ("two/push", ["one/run", "one/use", "one/stop", "two/build"]),
        ("three/end", []),
    ],
)
def test_before_a_step_comes_what_is_earlier_in_its_lab_and_in_those_it_needs(step: str, before: list[str]) -> None:
    assert names(COURSE, step) == before


@pytest.mark.parametrize(
    ("step", "holding"),
    [("one/use", {"one/run"}), ("one/stop", {"one/run"}), ("two/push", {"two/build"}), ("two/build", set())],
)
def test_what_only_this_step_or_a_later_one_ends_has_to_hold(step: str, holding: set[str]) -> None:
    assert {str(each) for each in holding_at(COURSE, COURSE.step(ref(step)))} == holding


@pytest.mark.parametrize(
    ("step", "again"),
    [
        ("one/use", ["one/use", "one/stop", "two/build", "two/push"]),  # and what builds on it
        ("one/run", ["one/run", "one/use", "one/stop", "two/build", "two/push"]),
        ("two/push", ["two/push", "three/end"]),  # the end of what has to hold is still to come
        ("three/end", ["three/end"]),
    ],
)
def test_going_back_opens_the_step_and_what_builds_on_it(step: str, again: list[str]) -> None:
    everything = passed(*(str(each.ref) for each in COURSE.steps))
    assert [str(each) for each in opened_again(COURSE, everything, COURSE.step(ref(step)))] == again


def test_only_what_has_passed_is_opened_again() -> None:
    step = COURSE.step(ref("one/run"))
    assert opened_again(COURSE, Progress(), step) == ()
    assert opened_again(COURSE, passed("one/use"), step) == (ref("one/use"),)
