"""Clients that misbehave are bounded, and the others are served."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.engine.daemon.daemons import Daemon, daemon, run

MEGABYTE = b"x" * (1 << 20)


@pytest.fixture
def engine(data: Path) -> Iterator[tuple[Daemon, docker.DockerClient]]:
    """A daemon."""
    with daemon(data) as made:
        yield made


@contextlib.contextmanager
def connected(engine: Daemon) -> Iterator[socket.socket]:
    """A bare connection."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(engine.socket))
        link.settimeout(30)
        yield link


def test_hundreds_of_idle_connections_and_half_requests_hold_up_nobody(
    engine: tuple[Daemon, docker.DockerClient],
) -> None:
    made, client = engine
    with contextlib.ExitStack() as idle:
        for number in range(500):
            link = idle.enter_context(connected(made))
            if number % 2:
                link.sendall(b"POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 100\r\n")
        assert client.ping()
        assert client.containers.run("box", ["echo", "served"], remove=True) == b"served\n"


def test_a_head_without_end_is_cut_off(engine: tuple[Daemon, docker.DockerClient]) -> None:
    made, client = engine
    with connected(made) as link:
        link.sendall(b"GET /_ping HTTP/1.1\r\nX-Much: ")
        with contextlib.suppress(OSError):
            for _ in range(100):
                link.sendall(MEGABYTE)
            raise AssertionError("a head of 100 MB was taken")
    assert client.ping()


def test_a_body_that_is_too_long_is_refused(engine: tuple[Daemon, docker.DockerClient]) -> None:
    made, _ = engine
    with connected(made) as link:
        link.sendall(b"POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n")
        link.sendall(b"Content-Length: 1000000000\r\n\r\n" + MEGABYTE * 5)
        answer = link.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"a body of at most" in answer


def test_a_client_that_goes_leaves_its_container_alone(engine: tuple[Daemon, docker.DockerClient]) -> None:
    made, client = engine
    container = run(client, "sh", "-c", "while :; do echo on; sleep 0.05; done")
    with connected(made) as link:
        link.sendall(
            f"POST /v1.41/containers/{container.id}/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: d\r\n\r\n".encode()
        )
        assert b"200 OK" in link.recv(1 << 16)
    written = len(container.logs())
    while len(container.logs()) <= written + 10:  # the test's own limit ends what does not
        time.sleep(0.05)
    assert client.containers.get(str(container.id)).status == "running"
