"""The daemon is killed with SIGKILL, at thirty points of what it does, and finds everything again."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import signal
import tarfile
import threading
import time
from pathlib import Path

import docker
import pytest
import requests

from labrunner.runtime import folder
from labrunner.runtime.cgroups.group import engine_of
from tests.contract.image import NAME, add
from tests.contract.peer import Peer
from tests.contract.starting import COMMANDS, engine, running
from tests.contract.waiting import until

POINTS = 30
STEP = 0.007  # seconds between two points: together they cover all acts and some time after them
COUNTS = ("sh", "-c", "n=0; while :; do echo $n; n=$((n+1)); sleep 0.02; done")
#: What a client meets whose engine goes away in the middle.
GONE = (OSError, http.client.HTTPException, requests.RequestException, docker.errors.DockerException, AssertionError)


def acts(peer: Peer) -> None:
    """A client's acts, one after the other, until the engine goes away."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        add(archive, "only", b"x" * 100000, 0o644)
    with contextlib.suppress(*GONE):
        for number in range(1000):
            made = peer.ask("POST", "/containers/create", {"Image": NAME, "Cmd": ["sleep", "1000"]}).json["Id"]
            peer.ask("POST", f"/containers/{made}/start")
            told = peer.ask("POST", f"/containers/{made}/exec", {"Cmd": ["true"], "AttachStdout": True}).json["Id"]
            peer.ask("POST", f"/exec/{told}/start", {"Detach": True})
            peer.ask("POST", f"/commit?container={made}&repo=contract-made&tag=v{number}")
            headers = {"Content-Type": "application/x-tar"}
            peer.ask(
                "POST", f"/images/create?fromSrc=-&repo=contract-in&tag=v{number}", tar.getvalue(), headers=headers
            )
            peer.ask("POST", f"/containers/{made}/stop?t=0")
            peer.ask("DELETE", f"/containers/{made}")
            peer.ask("DELETE", f"/images/contract-in:v{number}")


def kill(peer: Peer) -> None:
    """As the kernel does it when memory is short."""
    os.kill(peer.pid, signal.SIGKILL)
    until(lambda: "(zombie)" in Path(f"/proc/{peer.pid}/status").read_text())


def whole(log: bytes) -> bool:
    """Whether it counts from 0 without a gap; the last line may still be on its way."""
    lines = log.decode().splitlines()[:-1]
    return lines == [str(number) for number in range(len(lines))]


def check(peer: Peer, steady: tuple[str, int], brief: str) -> None:
    """What holds after the daemon has come back."""
    identity, pid = steady
    state = peer.ask("GET", f"/containers/{identity}/json").json["State"]
    assert (state["Running"], state["Pid"]) == (True, pid)
    assert whole(peer.client.containers.get(identity).logs())
    container = peer.client.containers.get(brief)
    assert container.wait()["StatusCode"] == 7
    assert container.logs() == b"begun\nended\n"
    rows = peer.ask("GET", "/containers/json?all=1").json
    data = peer.folder / "data"
    until(lambda: {folder.name for folder in (data / "run").iterdir()} <= {row["Id"] for row in rows})
    until(lambda: list((data / "tmp").iterdir()) == [])
    layers = {layer for row in peer.ask("GET", "/images/json?all=1").json for layer in layers_of(peer, row["Id"])}
    until(lambda: len(list((data / "layers").iterdir())) == len(layers))
    for row in rows:
        if row["Id"] != identity:
            assert peer.ask("DELETE", f"/containers/{row['Id']}?force=1").status == 204
    assert peer.output("echo", "well") == "well\n"


def layers_of(peer: Peer, image: str) -> list[str]:
    """The digests of an image's layers."""
    return list(peer.ask("GET", f"/images/{image}/json").json["RootFS"]["Layers"])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["namespace-root", "namespace-single"])
def test_daemon_that_is_killed_finds_everything_again(kind: str) -> None:
    """Containers run on, logs are whole, exit codes are known, nothing half-made is left."""
    with contextlib.ExitStack() as engines:
        peer = engines.enter_context(engine(kind))
        data = peer.folder / "data"
        counter = peer.start(*COUNTS)
        counter.reload()
        steady = (str(counter.id), int(counter.attrs["State"]["Pid"]))
        for point in range(POINTS):
            brief = peer.start("sh", "-c", "echo begun; sleep 0.4; echo ended; exit 7")
            client = threading.Thread(target=acts, args=(peer,))
            client.start()
            time.sleep(point * STEP)  # the point at which it is killed
            kill(peer)
            client.join()
            if point % 2:
                time.sleep(0.5)  # every other time the brief one ends while nobody serves
            peer = engines.enter_context(running(kind, *COMMANDS[kind](data), data))
            check(peer, steady, str(brief.id))
        peer.client.containers.get(steady[0]).remove(force=True)


def test_control_group_of_a_killed_shim_is_swept() -> None:
    """With whatever is still in it; that of a container which runs on stays."""
    with contextlib.ExitStack() as engines:
        peer = engines.enter_context(engine("namespace-root"))
        data = peer.folder / "data"
        lost, steady = (peer.start("sleep", "1000") for _ in range(2))
        groups = Path("/sys/fs/cgroup/memory/labrunner") / engine_of(str(data))
        if not groups.is_dir():
            pytest.skip("for a host that gives us control groups of version 1")
        state = folder.read(data / "run" / str(lost.id), folder.STATE, folder.State)
        assert state is not None
        kill(peer)
        os.kill(state.shim_pid, signal.SIGKILL)
        assert {group.name for group in groups.glob("*/")} == {lost.id, steady.id}
        peer = engines.enter_context(running("namespace-root", *COMMANDS["namespace-root"](data), data))
        assert [group.name for group in groups.glob("*/")] == [steady.id]
        assert (groups / str(steady.id) / "cgroup.procs").read_text()
        peer.client.containers.get(str(steady.id)).remove(force=True)
