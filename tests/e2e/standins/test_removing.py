"""Removal, on an engine of its own: on this host's one, stand-ins may be in use."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from labrunner.engine.standin import BASE, LABEL
from labrunner.engine.stock import Progress, Removal, obtain, remove_stand_ins, stand_ins
from labrunner.model.errors import ToolError
from tests.e2e.standins.helping import MINE, PATIENCE, nobody, quiet, tiny_image

pytestmark = pytest.mark.engine


@dataclass(frozen=True)
class Spare:
    """An engine that belongs to one test, and the process to end it by."""

    client: docker.DockerClient
    process: subprocess.Popen[bytes]


@pytest.fixture
def spare() -> Iterator[Spare]:
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
            yield Spare(client, process)
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


def test_removal_takes_stand_ins_and_base_and_nothing_else(spare: Spare, recipes: Path) -> None:
    engine = spare.client
    base = tiny_image(engine, BASE, f"LABEL {LABEL}={BASE}")
    tiny_image(engine, "nginx:latest", f"LABEL {LABEL}=nginx:latest")
    tiny_image(engine, "ubuntu:latest")  # the hub's own
    (recipes / "thing" / "Dockerfile").write_text(f'FROM {BASE}\nLABEL {LABEL}="{MINE}"\nCMD ["x"]\n')
    obtain(engine, [MINE], recipes=recipes, offline=True, consent=nobody, progress=quiet)
    engine.api.tag(MINE, "learner/app", "1")  # what a learner built on it bears the same label
    assert stand_ins(engine) == (MINE, "nginx:latest")

    holder = engine.api.create_container("nginx:latest", ["x"], name="web")
    assert remove_stand_ins(engine) == (
        Removal(MINE, removed=True),
        Removal("nginx:latest", removed=False, used_by=("web",)),
        Removal(BASE, removed=True),
    )
    assert stand_ins(engine) == ("nginx:latest",)
    engine.api.remove_container(holder["Id"])
    assert remove_stand_ins(engine) == (Removal("nginx:latest", removed=True),)
    assert remove_stand_ins(engine) == ()
    assert {tag for image in engine.images.list() for tag in image.tags} == {"ubuntu:latest", "learner/app:1"}
    engine.api.remove_image("learner/app:1")
    assert base not in {image.id for image in engine.images.list(all=True)}


def test_an_engine_that_ends_in_the_middle_is_a_sentence(spare: Spare, recipes: Path) -> None:
    tiny_image(spare.client, BASE, f"LABEL {LABEL}={BASE}")

    def end(_: Progress) -> None:
        spare.process.kill()
        spare.process.wait()

    (recipes / "thing" / "Dockerfile").write_text(f'FROM {BASE}\nLABEL {LABEL}="{MINE}"\nCMD ["x"]\n')
    with pytest.raises(ToolError, match="the engine was asked for images, and it failed") as raised:
        obtain(spare.client, [MINE], recipes=recipes, offline=True, consent=nobody, progress=end)
    assert raised.value.next == "labrunner doctor"
