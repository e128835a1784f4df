"""After a container, and after the engine, nothing of them is on the host."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from docker.models.containers import Container

from tests.contract.hijack import hijack
from tests.contract.image import NAME
from tests.contract.peer import Peer, beside
from tests.contract.starting import engine
from tests.contract.waiting import until

KINDS = ("mnt", "pid", "uts", "ipc", "net")
WAYS = ("namespace-root", "namespace-single")


def namespaces_of(pid: int) -> set[str]:
    """The namespaces that are a container's own, as the kernel names them."""
    return {os.readlink(f"/proc/{pid}/ns/{kind}") for kind in KINDS}  # noqa: PTH115 - no file is meant


def holders(namespaces: set[str], identity: str) -> list[str]:
    """Which processes of this host are in one of them, hold one open, are in its cgroup, or mount what is its own."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            held = {os.readlink(link) for place in ("ns", "fd") for link in (folder / place).iterdir()}  # noqa: PTH115
            told = "".join((folder / name).read_text() for name in ("cgroup", "mountinfo"))
        except OSError:
            continue  # it has just ended
        if held & namespaces or identity in told or any(identity in link for link in held):
            found.append(f"{folder.name} {(folder / 'cmdline').read_bytes()!r}")
    return found


def cgroups_of(identity: str) -> list[Path]:
    """The cgroups that bear its name."""
    return [folder for folder in Path("/sys/fs/cgroup").rglob(f"*{identity[:12]}*") if folder.is_dir()]


def live(peer: Peer) -> Container:
    """A container that has done a little of everything."""
    container = peer.start("sh", "-c", "sleep 4000 & exec sleep 1000", tmpfs={"/mem": ""}, tty=True)
    assert beside(container, "sh", "-c", "sleep 5000 >/dev/null 2>&1 & echo x >/made") == ""
    with hijack(peer, f"/containers/{container.id}/attach?stream=1&stdout=1") as attached:
        assert attached.status == 101
    container.reload()
    return container


def descriptors(pid: int) -> int:
    """How many it has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.fixture(params=WAYS)
def started(request: pytest.FixtureRequest) -> str:
    """The way to run; the engine is this test's own, since it has to end."""
    return str(request.param)


def test_container_leaves_nothing(started: str) -> None:
    """No process, namespace, mount, cgroup or file, whether it was killed or removed by force."""
    with engine(started) as peer:
        data = peer.folder / "data"
        for end in ("kill", "force"):
            container = live(peer)
            identity = str(container.id)
            spaces = namespaces_of(container.attrs["State"]["Pid"])
            assert holders(spaces, identity)  # what is looked for is found while it is there
            if end == "kill":
                container.kill()
                container.wait()
            container.remove(force=True)
            until(lambda identity=identity, spaces=spaces: holders(spaces, identity) == [])  # type: ignore[misc]
            until(lambda identity=identity: cgroups_of(identity) == [])  # type: ignore[misc]
            until(lambda: list((data / "run").iterdir()) == [])
        until(lambda: list((data / "tmp").iterdir()) == [])


def test_image_leaves_nothing(started: str) -> None:
    """No layer and no blob."""
    with engine(started) as peer:
        data = peer.folder / "data"
        assert list((data / "layers").iterdir())
        peer.client.images.remove(NAME)
        for folder in (data / "layers", data / "blobs" / "sha256", data / "tmp"):
            until(lambda folder=folder: list(folder.iterdir()) == [])  # type: ignore[misc]


def test_daemon_keeps_no_descriptor_of_what_was(started: str) -> None:
    """Ten more lives, and it has as many open as after the first ones."""
    with engine(started) as peer:

        def lives(count: int) -> None:
            for _ in range(count):
                live(peer).remove(force=True)

        def held() -> int:
            peer.client.close()  # whose library keeps each connection that it opened
            gc.collect()
            return descriptors(peer.pid)

        lives(2)
        settled = held()
        lives(10)
        until(lambda: held() <= settled)


def test_engine_that_ends_leaves_its_data_only(started: str) -> None:
    """No process of its own, no mount on the host, no cgroup above its containers', no socket."""
    with engine(started) as peer:
        container = live(peer)
        above = {folder.parent for folder in cgroups_of(str(container.id))}
        container.remove(force=True)
        path, folder = Path(peer.socket), str(peer.folder)
        assert folder not in Path("/proc/self/mountinfo").read_text()
    assert not path.exists()
    until(lambda: holders(set(), folder) == [])
    assert [place for place in above if place.exists()] == []
