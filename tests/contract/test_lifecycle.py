"""A container's life: created, started, stopped, killed, restarted, renamed, removed."""

from __future__ import annotations

import time
from pathlib import Path

from tests.contract.image import NAME
from tests.contract.peer import Peer

#: A shell that ends 7 when it is asked to.
TRAPS = ("sh", "-c", "trap 'exit 7' TERM; trap 'exit 8' HUP; echo ready; while :; do sleep 0.05; done")


def wait_until_said(container: object, what: bytes) -> None:
    """Return once the container's log has it."""
    deadline = time.monotonic() + 30
    while what not in container.logs():  # type: ignore[attr-defined]
        assert time.monotonic() < deadline, container.logs()  # type: ignore[attr-defined]
        time.sleep(0.01)


def test_container_goes_from_created_to_exited(peer: Peer) -> None:
    """Each state has its name, and the end its code and times."""
    container = peer.create("sh", "-c", "exit 3")
    assert (container.status, container.attrs["State"]["Pid"]) == ("created", 0)
    assert container.attrs["State"]["StartedAt"] == container.attrs["State"]["FinishedAt"] == "0001-01-01T00:00:00Z"
    container.start()
    assert container.wait() == {"Error": None, "StatusCode": 3} or container.wait() == {"StatusCode": 3}
    container.reload()
    state = container.attrs["State"]
    assert (state["Status"], state["Running"], state["ExitCode"], state["Pid"]) == ("exited", False, 3, 0)
    assert container.attrs["Created"] <= state["StartedAt"] <= state["FinishedAt"]
    assert (state["OOMKilled"], state["Dead"], state["Error"]) == (False, False, "")


def test_pid_is_the_hosts(peer: Peer) -> None:
    """``State.Pid`` is the process that the host sees: its arguments are the container's."""
    container = peer.start("sleep", "4321")
    container.reload()
    state = container.attrs["State"]
    assert (state["Status"], state["Running"], state["Paused"], state["Restarting"]) == ("running", True, False, False)
    words = Path(f"/proc/{state['Pid']}/cmdline").read_bytes().split(b"\0")
    assert words[:2] == [b"sleep", b"4321"]
    status = Path(f"/proc/{state['Pid']}/status").read_text()
    assert next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1] == "1"
