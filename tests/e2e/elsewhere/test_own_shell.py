"""Commands typed in a shell of the learner's own, where docker has the learner's own configuration."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from labrunner.engine.engine import Engine
from tests.e2e.learner.person import Person
from tests.e2e.scope.conftest import State

pytestmark = pytest.mark.engine


@pytest.fixture
def person(engine: Engine, tmp_path: Path) -> Iterator[Person]:
    """A learner who leaves the engine as it was."""
    before = State.take(engine)
    person = Person(tmp_path, engine.host)
    yield person
    person.goes()
    assert State.take(engine) == before


def test_goto_logs_in_itself_where_the_login_was_made_in_a_shell_of_ones_own(person: Person, tmp_path: Path) -> None:
    """The labs' terminals know nothing of it, and without it their push is refused."""
    there = person.does("goto", "push/login")
    assert there.index("\nbuild-flask-image: ") < there.index("\npush: Push to a registry\n")  # steps of two labs
    registry = json.loads(person.does("start", "push", "--json"))["variables"]["registry"]
    login = f"docker login --username student --password-stdin {registry} < password.txt"
    own = {**person.environ, "DOCKER_CONFIG": str(tmp_path / "own")}
    subprocess.run(["bash", "-ec", login], cwd=person.home / "push", env=own, check=True, capture_output=True)
    assert person.verdicts("push/login") == {"login": "passed"}
    assert "PASSED    step4 push: " in person.does("goto", "push/pull")


def test_image_name_given_in_a_shell_of_ones_own_is_told_before_anything_is_typed(person: Person) -> None:
    """The scope would refuse to move it, and the check could not know why."""
    person.does("start", "build-flask-image")
    subprocess.run(["docker", "tag", "nginx", "python-hello-world"], check=True)
    try:
        done = person.labrunner("solve", "build-flask-image/build")
        assert (done.returncode, done.stdout) == (3, "")
        assert "has the name python-hello-world, and was not given it in the labs' terminals" in done.stderr
        assert "next: docker image rm python-hello-world" in done.stderr
    finally:
        subprocess.run(["docker", "image", "rm", "python-hello-world"], check=True)
