"""The namespace engine, in both ways to run, started once; a test that asks for ``peer`` runs against each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import docker
import pytest

from tests.contract.peer import Peer
from tests.contract.starting import engine


@pytest.fixture(scope="session", params=["namespace-root", "namespace-single"])
def started(request: pytest.FixtureRequest) -> Iterator[Peer]:
    """Each way to run."""
    with engine(request.param) as peer:
        yield peer


@pytest.fixture
def peer(started: Peer) -> Iterator[Peer]:
    """An engine that runs nothing; what a test leaves is removed."""
    yield started
    for container in started.client.containers.list(all=True, ignore_removed=True):
        with contextlib.suppress(docker.errors.NotFound):
            container.remove(force=True, v=True)
