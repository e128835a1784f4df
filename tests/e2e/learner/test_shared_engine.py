"""A learner on an engine that others use: nothing of theirs goes, whatever the learner types in the lab's shell."""

from __future__ import annotations

import pytest

from labrunner.engine.engine import Engine
from tests.e2e.learner.person import Person
from tests.e2e.scope.conftest import State

pytestmark = pytest.mark.engine


def test_strangers_keep_everything(person: Person, strangers: State, engine: Engine) -> None:
    """Through ``goto``, ``solve``, every kind of prune and removal in the lab's shell, and ``reset --all``."""
    person.does("goto", "nginx-and-mongo/inspect")
    person.does("solve", "nginx-and-mongo/inspect")
    person.does("goto", "build-flask-image/run")
    assert everything_of(strangers, engine)
    shown = person.types(
        "build-flask-image",
        "docker system prune -a -f --volumes; docker volume prune -f\n"
        "docker network prune -f; docker image prune -a -f\n"
        "docker container rm -f $(docker container ls -aq); docker volume rm $(docker volume ls -q)\n"
        "docker image rm -f $(docker image ls -q); echo done\n",
    )
    assert "done\n" in shown
    assert everything_of(strangers, engine)
    window = person.window("build-flask-image")
    window.types("docker system prune --all --volumes", reply=(r"\[y/N\]", "y"))
    assert everything_of(strangers, engine)
    person.does("reset", "--all")
    assert State.take(engine) == strangers


def everything_of(strangers: State, engine: Engine) -> bool:
    """Whether all of the strangers' is there, what runs still running, beside what the learner has."""
    now = State.take(engine)
    return all(
        (
            strangers.containers <= now.containers,
            strangers.volumes <= now.volumes,
            strangers.networks <= now.networks,
            strangers.images.images <= now.images.images,
            strangers.images.names.items() <= now.images.names.items(),
        )
    )
