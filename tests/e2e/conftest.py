"""What the end-to-end tests share: real engines that have the labs' images."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.engine.engine import Engine
from labrunner.engine.find import find_engine
from labrunner.model.errors import LabrunnerError
from labrunner.model.verdict import EngineFacts
from tests.e2e.podman.course import labrunner
from tests.e2e.spare import Spare, spare_engine


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


@pytest.fixture
def spare() -> Iterator[Spare]:
    """An empty engine that runs nothing, and that the test may end."""
    with spare_engine() as engine:
        yield engine


@pytest.fixture(scope="session")
def found() -> Iterator[str]:
    """What labrunner says of Podman when it first looks for it; a service that it starts ends with the tests."""
    if shutil.which("podman") is None:
        cannot_run("Podman is not installed", "sudo apt-get install --no-install-recommends podman runc")
    before = services()
    done = labrunner("doctor", "--engine", "podman", "--json")
    yield str(json.loads(done.stdout)["findings"][0]["says"])
    for pid in services() - before:
        os.kill(pid, signal.SIGTERM)


@pytest.fixture(scope="session")
def podman(found: str) -> EngineFacts:  # noqa: ARG001 - it has the service started
    """Podman, which has the labs' images; they stay, as Docker's do."""
    done = labrunner("images", "prepare", "--offline", "--engine", "podman")
    assert done.returncode == 0, done.stderr
    return find_engine("podman", {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"})


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


def services() -> frozenset[int]:
    """The PIDs of the services of Podman on this host."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if words[0].endswith(b"podman") and words[1:3] == [b"system", b"service"]:
            found.add(int(folder.name))
    return frozenset(found)
