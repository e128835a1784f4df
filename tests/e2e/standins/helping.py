"""What the tests of stand-ins ask of an engine, a container or a port."""

from __future__ import annotations

import http.client
import io
import os
import tarfile
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from labrunner.engine.stock import Progress

IMAGES = Path(__file__).parents[3] / "images"
FIVE = ("ubuntu:latest", "nginx:latest", "mongo:3.4", "python:3.6.1-alpine", "registry:2")
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
MINE = "labrunner-test/thing:1"
PATIENCE = 30.0


Start = Callable[..., Container]


def nobody(_: tuple[str, ...]) -> bool:
    """Consent that must not be asked for."""
    pytest.fail("nothing needs consent here")


def quiet(_: Progress) -> None:
    """Take no notice of progress."""


@dataclass(frozen=True)
class Answer:
    """What came back from a port."""

    status: int
    text: str


def port_of(container: Container, port: str) -> int:
    """The host's port that leads to a container's port."""
    container.reload()
    bindings = container.ports[port]
    assert bindings
    return int(bindings[0]["HostPort"])


def published(port: str) -> Mapping[str, Any]:
    """Publish a port on a free one of this host."""
    return {"ports": {port: ("127.0.0.1", None)}}


def ask(port: int, path: str = "/", *, method: str = "GET", login: str | None = None) -> Answer:
    """One HTTP request, repeated until something answers."""
    headers = {} if login is None else {"Authorization": "Basic " + b64encode(login.encode()).decode()}
    deadline = time.monotonic() + PATIENCE
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode(errors="replace"))
        except (OSError, http.client.HTTPException):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)  # nothing but an answer says that a server is up
        finally:
            connection.close()


def log_of(container: Container, stream: str, wanted: str) -> str:
    """One stream of a container's log, once it holds what is wanted or patience has ended."""
    deadline = time.monotonic() + PATIENCE
    while True:
        log = str(container.logs(stdout=stream == "stdout", stderr=stream == "stderr"), "utf-8")
        if wanted in log or time.monotonic() > deadline:
            return log
        time.sleep(0.1)  # the engine tells nobody that a log has grown


def inside(container: Container, *command: str) -> str:
    """What a command prints that is run beside the container's process 1."""
    code, output = container.exec_run(list(command))
    assert code == 0, output
    assert isinstance(output, bytes)
    return output.decode()


def tiny_image(client: docker.DockerClient, reference: str, *changes: str) -> str:
    """An image of one small file, which nothing else has."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        member = tarfile.TarInfo("file")
        content = os.urandom(16)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    repository, _, tag = reference.rpartition(":")
    client.api.import_image_from_data(file.getvalue(), repository=repository, tag=tag, changes=["CMD x", *changes])
    return str(client.images.get(reference).id)


def until(holds: Callable[[], bool]) -> bool:
    """Whether something came to hold before patience ended."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)  # the engine tells nobody
    return True
