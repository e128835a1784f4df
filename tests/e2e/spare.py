"""An engine that belongs to one test, which may end it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

PATIENCE = 30.0


@dataclass(frozen=True)
class Spare:
    """The engine's client, its socket, and the process to end it by."""

    client: docker.DockerClient
    socket: str
    process: subprocess.Popen[bytes]


@contextmanager
def spare_engine() -> Iterator[Spare]:
    """An empty engine that runs nothing.

    It lives in namespaces of its own: an engine without a bridge deletes docker0 where it finds it, and that one
    is the host's engine's.
    """
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("an engine of one's own needs root and dockerd")
    apart = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    with tempfile.TemporaryDirectory(prefix="spare-") as folder:
        place = f"{folder}/sock"
        places = [
            "--data-root",
            f"{folder}/data",
            "--exec-root",
            f"{folder}/run",
            "--pidfile",
            f"{folder}/pid",
        ]
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(
                [*apart, "dockerd", *places, "--host", f"unix://{place}", "--bridge=none", "--iptables=false"],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            wait_for(place, Path(folder, "log"))
            client = docker.DockerClient(base_url=f"unix://{place}", version="1.41")
            yield Spare(client, f"unix://{place}", process)
            client.close()
        finally:
            process.kill()  # and with it all that lives in its namespaces
            process.wait()


def wait_for(place: str, log: Path) -> None:
    """Return once an engine listens."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with socket.socket(socket.AF_UNIX) as attempt, suppress(OSError):
            attempt.connect(place)
            return
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)  # nothing but its answer says that an engine is up
