"""Podman, which is after each test as it was before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labrunner.engine.engine import Engine
from labrunner.model.verdict import EngineFacts
from tests.e2e.scope.conftest import State, home, lab, ledger, scope, stranger, strangers

__all__ = ["home", "lab", "ledger", "scope", "stranger", "strangers"]


@pytest.fixture
def engine(podman: EngineFacts) -> Iterator[Engine]:
    """Podman, which holds the same containers, images, names, volumes and networks after the test as before it."""
    engine = Engine(podman.endpoint)
    before = State.take(engine)
    yield engine
    assert State.take(engine) == before
