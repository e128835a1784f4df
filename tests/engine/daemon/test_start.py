"""What a start of the daemon refuses, in one sentence, and what its end leaves behind."""

from __future__ import annotations

import socket
import stat
import subprocess
from pathlib import Path

import pytest

from tests.engine.daemon.daemons import Daemon, daemon, run


def refusal(made: Daemon) -> str:
    """What a daemon says that does not start."""
    ended = subprocess.run(made.command(), capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    return ended.stderr.strip().splitlines()[-1]


def test_a_second_daemon_on_a_data_folder_is_refused(data: Path) -> None:
    with daemon(data) as (engine, client):
        assert "another engine runs on" in refusal(engine)
        assert client.ping()


def test_a_socket_on_which_somebody_answers_is_left_alone(data: Path) -> None:
    data.mkdir()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(data / "engine.sock"))
        other.listen()
        assert "answers on" in refusal(Daemon(data))
        assert (data / "engine.sock").is_socket()


def test_a_data_folder_of_another_version_is_refused(data: Path) -> None:
    data.mkdir()
    (data / "version").write_text("77\n")
    assert "is of version 77, and this engine reads version 1" in refusal(Daemon(data))


def test_the_socket_is_its_owners_only(data: Path) -> None:
    with daemon(data) as (engine, _):
        assert stat.S_IMODE(engine.socket.stat().st_mode) == 0o600


def test_an_end_stops_containers_and_leaves_nothing_running(data: Path) -> None:
    with daemon(data) as (engine, first):
        run(first, "sh", "-c", "trap 'exit 4' TERM; while :; do sleep 0.1; done", name="polite")
        pid = first.api.inspect_container("polite")["State"]["Pid"]
        engine.stop()
        assert not Path(f"/proc/{pid}").exists()
        assert not engine.socket.exists()
        client = engine.start()
        assert client.containers.get("polite").wait()["StatusCode"] == 4


@pytest.mark.parametrize("path", ["/nothing/engine.sock", "/" + "x" * 120])
def test_a_path_that_cannot_be_a_socket_is_refused(data: Path, path: str) -> None:
    ended = subprocess.run(
        [*Daemon(data).command(), "--socket", path], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "socket" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
