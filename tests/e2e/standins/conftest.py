"""The engine with the five stand-ins, containers and names that go with the test, and a registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import APIError, DockerException
from docker.models.containers import Container

from labrunner.engine.standin import BASE, LABEL
from labrunner.engine.stock import obtain
from tests.e2e.standins.helping import FIVE, IMAGES, MINE, Start, ask, nobody, port_of, published, quiet


@pytest.fixture(scope="package")
def client() -> Iterator[docker.DockerClient]:
    """The engine of this host."""
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="package")
def stocked(client: docker.DockerClient) -> docker.DockerClient:
    """The engine, with all five images; they stay, for the next tests and for the learner."""
    obtain(client, FIVE, recipes=IMAGES, offline=True, consent=nobody, progress=quiet)
    return client


@pytest.fixture
def forget(client: docker.DockerClient) -> Iterator[Callable[[str], str]]:
    """Name references that are removed after the test."""
    named: list[str] = []

    def forget(reference: str) -> str:
        named.append(reference)
        return reference

    yield forget
    for reference in named:
        with suppress(APIError):
            client.api.remove_image(reference)


@pytest.fixture
def start(stocked: docker.DockerClient, forget: Callable[[str], str]) -> Iterator[Start]:  # noqa: ARG001
    """Run a container in the background; it and its anonymous volumes are gone after the test.

    It rests on ``forget`` only to end before it: an image is removed after its containers.
    """
    started: list[Container] = []

    def start(image: str, command: str | list[str] | None = None, **options: Any) -> Container:  # noqa: ANN401 - the SDK's
        container = stocked.containers.create(image, command, detach=True, **options)
        started.append(container)
        container.start()
        return container

    yield start
    for container in started:
        with suppress(DockerException):
            container.remove(force=True, v=True)


@pytest.fixture
def registry(start: Start) -> str:
    """A registry without a password, as the first part of a reference."""
    container = start("registry:2", **published("5000/tcp"))
    port = port_of(container, "5000/tcp")
    ask(port, "/v2/")
    return f"127.0.0.1:{port}"


@pytest.fixture
def recipes(tmp_path: Path, client: docker.DockerClient) -> Iterator[Path]:
    """A recipe for MINE, quickly built; what a failed build leaves of it is gone after the test."""
    folder = tmp_path / "thing"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f'FROM {BASE}\nLABEL {LABEL}="{MINE}"\nRUN true\n')
    yield tmp_path
    for row in client.api.images(filters={"label": f"{LABEL}={MINE}"}):
        client.api.remove_image(row["Id"], force=True)
