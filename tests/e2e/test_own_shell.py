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
    person = Person(tmp_path)
    yield person
    person.goes()
    assert State.take(engine) == before


def test_goto_logs_in_itself_where_the_login_was_made_in_a_shell_of_ones_own(person: Person, tmp_path: Path) -> None:
    """The labs' terminals know nothing of it, and without it their push is refused."""
    person.does("goto", "push/login")
    registry = json.loads(person.does("start", "push", "--json"))["variables"]["registry"]
    login = f"docker login --username student --password-stdin {registry} < password.txt"
    own = {**person.environ, "DOCKER_CONFIG": str(tmp_path / "own")}
    subprocess.run(["bash", "-ec", login], cwd=person.home / "push", env=own, check=True, capture_output=True)
    assert person.verdicts("push/login") == {"login": "passed"}
    assert "PASSED    step4 push: " in person.does("goto", "push/pull")
