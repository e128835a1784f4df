"""A daemon on a data folder of a test, which can be killed and started again."""

from __future__ import annotations

import contextlib
import io
import os
import select
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import docker
from docker.models.containers import Container

from tests.engine import rootfs

IMAGE = "box:latest"
_SECONDS = 60


@dataclass
class Daemon:
    """The daemon of one data folder."""

    data: Path
    process: subprocess.Popen[bytes] | None = None
    clients: list[docker.DockerClient] = field(default_factory=list)

    @property
    def socket(self) -> Path:
        """Where it answers."""
        return self.data / "engine.sock"

    def command(self, *more: str) -> list[str]:
        """Its command line."""
        place = ["--data", str(self.data), "--socket", str(self.socket)]
        return [sys.executable, "-m", "labrunner.daemon", *place, *more]

    def start(self) -> docker.DockerClient:
        """Start it, and wait until its API answers."""
        ready, told = os.pipe()
        self.process = subprocess.Popen(
            self.command("--ready-fd", str(told)), pass_fds=[told], stdin=subprocess.DEVNULL, start_new_session=True
        )
        os.close(told)
        with os.fdopen(ready, "rb") as waiting:
            assert select.select([waiting], [], [], _SECONDS)[0]
            assert waiting.read(1)
        client = docker.DockerClient(base_url=f"unix://{self.socket}", timeout=_SECONDS)
        self.clients.append(client)
        return client

    def kill(self) -> None:
        """End it as SIGKILL does: nothing can be tidied."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end."""
        assert self.process
        self.process.terminate()
        assert self.process.wait(_SECONDS) == 0

    def runs(self) -> set[str]:
        """The names of its run folders."""
        return {path.name for path in (self.data / "run").iterdir()}


def make_image(client: docker.DockerClient, place: Path) -> None:
    """Import the small root file system of the runtime's tests as ``IMAGE``."""
    root = place / "root"
    rootfs.make(root)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(root, ".")
    client.api.import_image_from_data(packed.getvalue(), repository="box", tag="latest")


@contextlib.contextmanager
def daemon(data: Path) -> Iterator[tuple[Daemon, docker.DockerClient]]:
    """A daemon with the image; it and all its containers end with the test."""
    made = Daemon(data)
    client = made.start()
    try:
        make_image(client, data.parent)
        yield made, client
    finally:
        if made.process and made.process.poll() is not None:
            client = made.start()
        for container in client.containers.list(all=True):
            with contextlib.suppress(docker.errors.APIError):
                container.remove(force=True)
        made.stop()
        for each in made.clients:
            each.close()


def run(client: docker.DockerClient, *command: str, **options: object) -> Container:
    """Start a container."""
    return client.containers.run(IMAGE, list(command), detach=True, **options)  # type: ignore[call-overload,no-any-return]
