"""What a container sees of files: its root, binds, memory file systems, /proc, /sys and /dev."""

from __future__ import annotations

from pathlib import Path

import pytest
from docker.types import Mount

from tests.contract.peer import Peer
from tests.contract.starting import ORDINARY


@pytest.fixture
def shared(peer: Peer, tmp_path: Path) -> Path:
    """A folder of the host that the engine's user may read and write."""
    folder = peer.folder / "data" / f"shared-{tmp_path.name}"
    folder.mkdir()
    (folder / "given").write_text("from the host\n")
    if peer.is_single:
        for path in (folder, folder / "given"):
            path.chmod(0o777 if path.is_dir() else 0o666)
    return folder


def test_two_containers_of_an_image_do_not_see_each_others_files(peer: Peer) -> None:
    """Nor is the image changed."""
    peer.start("sh", "-c", "echo x >/etc/os-release; rm /desk/not-executable; touch /new").wait()
    told = peer.output("sh", "-c", "exec 2>&1; cat /etc/os-release; ls /desk; ls /new")
    assert told.startswith("ID=contract\nnot-executable\n")
    assert "/new" in told
    assert "No such file or directory" in told


@pytest.mark.parametrize("spelling", ["binds", "mounts"])
def test_bind_shows_the_hosts_folder(peer: Peer, shared: Path, spelling: str) -> None:
    """Both ways, and read-only where that is asked for."""

    def settings(*, read_only: bool) -> dict[str, object]:
        if spelling == "binds":
            return {"volumes": [f"{shared}:/shared{':ro' if read_only else ''}"]}
        return {"mounts": [Mount("/shared", str(shared), type="bind", read_only=read_only)]}

    assert (
        peer.output("sh", "-c", "cat /shared/given; echo back >/shared/made", **settings(read_only=False))
        == "from the host\n"
    )
    assert (shared / "made").read_text() == "back\n"
    refused = peer.output("sh", "-c", "exec 2>&1; cat /shared/given; echo x >/shared/other", **settings(read_only=True))
    assert refused.startswith("from the host\n")
    assert "Read-only file system" in refused
    assert not (shared / "other").exists()


def test_bind_of_a_file(peer: Peer, shared: Path) -> None:
    """Over one that the image has."""
    assert peer.output("cat", "/etc/os-release", volumes=[f"{shared}/given:/etc/os-release:ro"]) == "from the host\n"


def test_bind_makes_the_hosts_folder_where_it_is_missing(peer: Peer, shared: Path) -> None:
    """``-v`` does, ``--mount`` does not."""
    assert peer.output("sh", "-c", "touch /x/y && echo made", volumes=[f"{shared}/new/deep:/x"]) == "made\n"
    assert (shared / "new" / "deep" / "y").exists()


def test_bind_is_told_by_inspect(peer: Peer, shared: Path) -> None:
    """In ``Mounts`` and in ``HostConfig.Binds``."""
    container = peer.create("true", volumes=[f"{shared}:/shared:ro"])
    container.reload()
    assert container.attrs["HostConfig"]["Binds"] == [f"{shared}:/shared:ro"]
    assert container.attrs["Mounts"] == [
        {
            "Type": "bind",
            "Source": str(shared),
            "Destination": "/shared",
            "Mode": "ro",
            "RW": False,
            "Propagation": "rprivate",
        }
    ]


def test_read_only_root_takes_nothing(peer: Peer) -> None:
    """But /dev/shm and the memory file systems of the request do."""
    told = peer.output(
        "sh",
        "-c",
        "exec 2>&1; touch /x; touch /tmp/y && touch /dev/shm/z && echo ok",
        read_only=True,
        tmpfs={"/tmp": ""},  # noqa: S108 - the container's
    )
    assert "Read-only file system" in told
    assert told.endswith("ok\n")


def test_tmpfs_has_its_options(peer: Peer) -> None:
    """Size, mode, and no programs by default."""
    script = "exec 2>&1; grep ' /mem ' /proc/mounts; stat -c %a /mem; cp /usr/bin/true /mem; /mem/true"
    told = peer.output("sh", "-c", script, tmpfs={"/mem": "size=1m,mode=700"})
    line, mode, refused = told.splitlines()
    options = line.split()[3].split(",")
    assert line.split()[2] == "tmpfs"
    assert {"rw", "nosuid", "nodev", "noexec", "size=1024k", "mode=700"} <= set(options)
    assert (mode, "Permission denied" in refused) == ("700", True)


def test_shm_has_the_size_of_the_request(peer: Peer) -> None:
    """64 MB unless told."""
    script = "grep ' /dev/shm ' /proc/mounts"
    assert "size=65536k" in peer.output("sh", "-c", script)
    assert "size=1024k" in peer.output("sh", "-c", script, shm_size=1 << 20)


def test_devices_are_the_usual_ones(peer: Peer) -> None:
    """Docker's, no more, and they work."""
    told = set(peer.output("ls", "/dev").split())
    usual = {"fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout"}
    assert told - {"console", "core"} == usual | {"tty", "urandom", "zero"}
    counted = "head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c"
    script = f"exec 2>&1; echo x >/dev/null; {counted}; head -c 4 /dev/zero >/dev/full"
    lines = peer.output("sh", "-c", f"{script}; readlink /dev/fd").splitlines()
    assert lines[:2] == ["4", "4"]
    assert "No space left on device" in lines[2]
    assert lines[3] == "/proc/self/fd"


def test_standard_output_can_be_opened_by_name(peer: Peer) -> None:
    """By an ordinary user too, as nginx's logs do; and truncating it truncates no log."""
    script = "echo one; echo two >/dev/stdout; echo three >/dev/stderr; echo four >>/proc/self/fd/1"
    for user in ("", "learner"):
        told = peer.output("sh", "-c", script, user=user)
        assert sorted(told.split()) == ["four", "one", "three", "two"]


def test_proc_shows_the_containers_processes_only(peer: Peer) -> None:
    """Process 1 is its own."""
    assert peer.output("sh", "-c", "echo $$; ps -e -o args=").splitlines()[:2] == ["1", "sh -c echo $$; ps -e -o args="]


def test_files_of_a_bind_keep_their_owner(peer: Peer, shared: Path) -> None:
    """An ID that the engine cannot name is nobody's."""
    owner = peer.output("stat", "-c", "%u", "/shared", volumes=[f"{shared}:/shared"]).strip()
    told = shared.stat().st_uid
    assert owner == (str(told) if not peer.is_single else {0: "65534", ORDINARY: "0"}[told])


def test_what_was_written_is_there_after_a_restart(peer: Peer) -> None:
    """The upper layer is the container's, not the run's."""
    container = peer.start("sh", "-c", "cat /kept 2>/dev/null; echo again >>/kept")
    container.wait()
    container.start()
    container.wait()
    assert container.logs() == b"again\n"
