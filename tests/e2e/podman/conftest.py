"""Podman with the labs' images, behind the service that labrunner starts where none runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from labrunner.engine.find import find_engine
from labrunner.model.verdict import EngineFacts
from tests.e2e.conftest import cannot_run
from tests.e2e.podman.course import labrunner


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
