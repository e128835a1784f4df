"""Podman, which is after each test as it was before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labrunner.engine.engine import Engine
from labrunner.model.verdict import EngineFacts
from tests.e2e.scope.conftest import State, home, lab, ledger, neighbourhood, scope, stranger, strangers

__all__ = ["home", "lab", "ledger", "neighbourhood", "scope", "stranger", "strangers"]


@pytest.fixture(scope="module")
def engine(podman: EngineFacts) -> Engine:
    """Podman, through the service that labrunner starts."""
    return Engine(podman.endpoint)


@pytest.fixture(autouse=True)
def _untouched(engine: Engine) -> Iterator[None]:
    """It holds the same containers, images, names, volumes and networks after the test as before it."""
    before = State.take(engine)
    yield
    assert State.take(engine) == before
