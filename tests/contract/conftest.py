"""The engines that are held to the contract; a test that asks for ``peer`` runs against each of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import docker
import pytest

from tests.contract.image import NAME
from tests.contract.peer import Peer
from tests.contract.starting import engine

ENGINES = (
    "docker-20.10",
    pytest.param("docker-26.1", marks=pytest.mark.slow),
    "namespace-root",
    "namespace-single",
)


@pytest.fixture(scope="session", params=ENGINES)
def started(request: pytest.FixtureRequest) -> Iterator[Peer]:
    """Each engine, started once."""
    with engine(request.param) as peer:
        yield peer


@pytest.fixture
def peer(started: Peer) -> Iterator[Peer]:
    """An engine that runs nothing and has one image; what a test leaves is removed."""
    yield started
    for container in started.client.containers.list(all=True, ignore_removed=True):
        with contextlib.suppress(docker.errors.NotFound):
            container.remove(force=True, v=True)
    for image in started.client.images.list(all=True):
        if NAME not in image.tags:
            with contextlib.suppress(docker.errors.NotFound, docker.errors.ImageNotFound):
                started.client.images.remove(str(image.id), force=True)
        elif len(image.tags) > 1:
            for tag in set(image.tags) - {NAME}:
                started.client.images.remove(tag)
