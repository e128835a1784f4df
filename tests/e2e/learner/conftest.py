"""A learner with an empty home, on Docker and on Podman, on an engine that is afterwards as it was before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labrunner.engine.engine import Engine
from labrunner.model.verdict import EngineFacts
from tests.e2e.learner.person import Person
from tests.e2e.scope.conftest import State, neighbourhood, stranger, strangers

__all__ = ["neighbourhood", "person", "stranger", "strangers", "untouched"]


@pytest.fixture(scope="module", params=["docker", pytest.param("podman", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Docker, and Podman through the service that labrunner starts: the same texts and tests serve both."""
    if request.param == "docker":
        docker: Engine = request.getfixturevalue("engine")  # the one of all end-to-end tests
        return docker
    podman: EngineFacts = request.getfixturevalue("podman")
    return Engine(podman.endpoint)


@pytest.fixture
def untouched(engine: Engine) -> Iterator[State]:
    """The engine holds the same containers, images, names, volumes and networks after the test as before it."""
    before = State.take(engine)
    yield before
    assert State.take(engine) == before


@pytest.fixture
def person(engine: Engine, untouched: State, tmp_path: Path) -> Iterator[Person]:
    """A learner who goes when the test ends, with all that they made."""
    assert untouched.networks
    person = Person(tmp_path, engine.host)
    yield person
    person.goes()
