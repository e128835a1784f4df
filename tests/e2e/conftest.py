"""What the end-to-end tests share: a real engine that has the labs' images."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.engine.engine import Engine
from labrunner.engine.find import find_engine
from labrunner.model.errors import LabrunnerError


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine of this host. Where it or an image is missing: a failure in CI, else a skip that says what to type."""
    try:
        facts = find_engine("auto")
    except LabrunnerError as error:
        cannot_run(error.says, error.next or "labrunner doctor")
    engine = Engine(facts.endpoint)
    missing = [image for image in lab_images() if engine.image(image) is None]
    if missing:
        cannot_run(f"the engine at {facts.endpoint} lacks {', '.join(missing)}", "labrunner images prepare")
    return engine


def lab_images() -> tuple[str, ...]:
    """The images that the labs start from."""
    course = load_course(course_folder("labs"))
    return tuple(dict.fromkeys(image for lab in course.labs for image in lab.images))


def cannot_run(why: str, remedy: str) -> NoReturn:
    """A failure in CI, else a skip that says what to type."""
    says = f"these tests need a real engine, and {why}; type: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(says, pytrace=False)
    pytest.skip(says)
