"""Connect the Docker SDK to an endpoint, for what moves images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import docker
from docker.errors import DockerException

from labrunner.engine.api import EngineUnreachable

#: Seconds of silence that an engine may keep while it pulls, builds or imports.
_TIMEOUT = 600


@contextmanager
def connect(host: str) -> Iterator[docker.DockerClient]:
    """A client for ``host`` (as in DOCKER_HOST), closed at the end; EngineUnreachable where nobody answers."""
    try:
        client = docker.DockerClient(base_url=host, timeout=_TIMEOUT)
    except DockerException as error:
        raise EngineUnreachable(
            f"the engine at {host} was asked, and it does not answer ({error})", next="labrunner doctor"
        ) from error
    try:
        yield client
    finally:
        client.close()
