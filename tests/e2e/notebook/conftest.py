"""A learner at a notebook, on the engine of this host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from labrunner.engine.engine import Engine
from tests.e2e.notebook.learner import Learner, seated
from tests.e2e.test_run import environ, labrunner, untouched

__all__ = ["environ", "untouched"]


@pytest.fixture
def learner(
    engine: Engine, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Learner]:
    """A learner in a kernel, with an empty home; what they made goes when the test ends."""
    monkeypatch.setenv("XDG_STATE_HOME", environ["XDG_STATE_HOME"])
    with seated(engine, tmp_path) as person:
        yield person
        labrunner(environ, "reset", "--all", "--home", str(person.home))
