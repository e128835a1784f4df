"""An engine as a client sees it: through docker-py, through the real docker command, and by bare requests."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pexpect
from docker.models.containers import Container

from tests.contract.image import NAME

COMMAND = "/usr/bin/docker"
PATIENCE = 60.0


@dataclass(frozen=True)
class Answer:
    """What came back for a request."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The body, read."""
        return json.loads(self.body)

    @property
    def says(self) -> str:
        """The message of a refusal."""
        return str(self.json["message"])


class Connection(http.client.HTTPConnection):
    """HTTP on a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of to a host."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Peer:
    """An engine that answers at ``socket`` and has the image ``contract``.

    ``kind`` is the engine's name in the suite; ``folder`` is the test's own, and the engine's data lie in it.
    """

    kind: str
    socket: str
    pid: int
    client: docker.DockerClient
    folder: Path

    @property
    def is_docker(self) -> bool:
        """Whether it is the oracle."""
        return self.kind.startswith("docker")

    @property
    def is_single(self) -> bool:
        """Whether it has one user ID only."""
        return self.kind == "namespace-single"

    @property
    def api(self) -> tuple[int, ...]:
        """The newest version of the API that it speaks."""
        return tuple(int(part) for part in str(self.client.version()["ApiVersion"]).split("."))

    def ask(self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """One request, on a connection of its own; a body that is not bytes travels as JSON."""
        connection = Connection(self.socket)
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def create(self, *command: str, **settings: Any) -> Container:  # noqa: ANN401 - docker-py's own
        """A container of the image, without a network unless told."""
        settings.setdefault("network_mode", "none")
        return self.client.containers.create(NAME, list(command) or None, **settings)

    def start(self, *command: str, **settings: Any) -> Container:  # noqa: ANN401 - docker-py's own
        """A container that has been started."""
        container = self.create(*command, **settings)
        container.start()
        return container

    def output(self, *command: str, **settings: Any) -> str:  # noqa: ANN401 - docker-py's own
        """What a container says until it ends, on both streams."""
        container = self.start(*command, **settings)
        container.wait()
        return str(container.logs().decode())

    @property
    def environ(self) -> dict[str, str]:
        """Variables for the real docker command, which finds no configuration of the user's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER")}
        return {**kept, "DOCKER_HOST": f"unix://{self.socket}", "DOCKER_CONFIG": str(self.folder / "docker-config")}

    def docker(self, *arguments: str, given: str = "", timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """One command of the real client, to its end."""
        return subprocess.run(
            [COMMAND, *arguments],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            env=self.environ,
            timeout=timeout,
        )

    def docker_bytes(self, *arguments: str, given: bytes = b"") -> bytes:
        """What one command of the real client, which succeeds, writes."""
        return subprocess.run(
            [COMMAND, *arguments], input=given, capture_output=True, check=True, env=self.environ, timeout=PATIENCE
        ).stdout

    def typed(self, *arguments: str) -> pexpect.spawn[str]:
        """One command of the real client on a terminal."""
        return pexpect.spawn(
            COMMAND, list(arguments), env=self.environ, encoding="utf-8", timeout=PATIENCE, dimensions=(30, 100)
        )


def beside(container: Container, *command: str, **settings: Any) -> str:  # noqa: ANN401 - docker-py's own
    """What a process beside the container's first one says, on both streams."""
    output = container.exec_run(list(command), **settings).output
    assert isinstance(output, bytes)
    return output.decode()
