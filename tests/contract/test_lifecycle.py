"""A container's life: created, started, stopped, killed, restarted, renamed, removed."""

from __future__ import annotations

import signal
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from tests.contract.peer import Peer
from tests.contract.waiting import until

#: A shell that ends 7 when it is asked to terminate, and 8 when it is hung up.
TRAPS = ("sh", "-c", "trap 'exit 7' TERM; trap 'exit 8' HUP; echo ready; while :; do sleep 0.05; done")


def trapping(peer: Peer, **settings: object) -> Container:
    """A container that minds signals, once it does."""
    container = peer.start(*TRAPS, **settings)
    until(lambda: b"ready" in container.logs())
    return container


def exit_code(container: Container) -> int:
    """As inspect tells it."""
    container.reload()
    assert container.attrs["State"]["Running"] is False
    return int(container.attrs["State"]["ExitCode"])


def test_container_goes_from_created_to_exited(peer: Peer) -> None:
    """Each state has its name, and the end its code and times."""
    container = peer.create("sh", "-c", "exit 3")
    container.reload()
    assert (container.status, container.attrs["State"]["Pid"]) == ("created", 0)
    assert container.attrs["State"]["StartedAt"] == container.attrs["State"]["FinishedAt"] == "0001-01-01T00:00:00Z"
    container.start()
    assert container.wait()["StatusCode"] == 3
    container.reload()
    state = container.attrs["State"]
    assert (state["Status"], state["Running"], state["ExitCode"], state["Pid"]) == ("exited", False, 3, 0)
    assert container.attrs["Created"] <= state["StartedAt"]
    assert container.attrs["Created"] <= state["FinishedAt"]  # Docker may note the start of a short life after its end
    assert (state["OOMKilled"], state["Dead"], state["Error"]) == (False, False, "")


def test_pid_is_the_hosts(peer: Peer) -> None:
    """``State.Pid`` is the process that the host sees: its arguments are the container's, its PID inside is 1."""
    container = peer.start("sleep", "4321")
    container.reload()
    state = container.attrs["State"]
    assert (state["Status"], state["Running"], state["Paused"], state["Restarting"]) == ("running", True, False, False)
    words = Path(f"/proc/{state['Pid']}/cmdline").read_bytes().split(b"\0")
    assert words[:2] == [b"sleep", b"4321"]
    status = Path(f"/proc/{state['Pid']}/status").read_text()
    assert next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1] == "1"


def test_stop_asks_the_process_to_terminate(peer: Peer) -> None:
    """The code is the one that the process chose."""
    container = trapping(peer)
    container.stop()
    assert exit_code(container) == 7


def test_stop_kills_what_does_not_end_in_time(peer: Peer) -> None:
    """The first process of a PID namespace ignores what it has no handler for."""
    container = peer.start("sleep", "1000")
    container.stop(timeout=0)
    assert exit_code(container) == 128 + signal.SIGKILL


def test_stop_sends_the_containers_own_signal(peer: Peer) -> None:
    """``--stop-signal`` of create."""
    container = trapping(peer, stop_signal="SIGHUP")
    container.stop()
    assert exit_code(container) == 8


def test_stop_sends_the_signal_of_the_request(peer: Peer) -> None:
    """``signal`` of stop, since API 1.42."""
    if peer.api < (1, 42):
        pytest.skip("this engine speaks an older API")
    container = trapping(peer)
    assert peer.ask("POST", f"/v1.42/containers/{container.id}/stop?signal=SIGHUP").status == 204
    assert exit_code(container) == 8


def test_stop_and_start_of_what_has_that_state_change_nothing(peer: Peer) -> None:
    """Status 304, without a body."""
    container = peer.create("sleep", "1000")
    assert peer.ask("POST", f"/containers/{container.id}/stop").status == 304
    assert peer.ask("POST", f"/containers/{container.id}/start").status == 204
    again = peer.ask("POST", f"/containers/{container.id}/start")
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("spelling", ["HUP", "SIGHUP", "1", "sighup"])
def test_kill_takes_a_signal_in_every_spelling(peer: Peer, spelling: str) -> None:
    """A name with and without SIG, and a number."""
    container = trapping(peer)
    container.kill(signal=spelling)
    assert container.wait()["StatusCode"] == 8


def test_kill_without_a_signal_kills(peer: Peer) -> None:
    """SIGKILL, code 137."""
    container = peer.start("sleep", "1000")
    container.kill()
    assert container.wait()["StatusCode"] == 137


def test_restart_runs_the_command_again_on_the_same_files(peer: Peer) -> None:
    """What was written stays, the log goes on, PID and start time are new."""
    container = peer.start("sh", "-c", "echo once >>/tmp/count; cat /tmp/count; echo .; exec sleep 1000")
    until(lambda: b".\n" in container.logs())
    container.reload()
    before = container.attrs["State"]
    container.restart(timeout=0)
    until(lambda: container.logs() == b"once\n.\nonce\nonce\n.\n")
    container.reload()
    after = container.attrs["State"]
    assert (after["Running"], after["ExitCode"]) == (True, 0)
    assert after["Pid"] != before["Pid"]
    assert after["StartedAt"] > before["StartedAt"]


def test_container_starts_again_after_its_end(peer: Peer) -> None:
    """Its state is that of the second run."""
    container = peer.start("sh", "-c", "test -e /tmp/again && exit 0; touch /tmp/again; exit 9")
    assert container.wait()["StatusCode"] == 9
    container.start()
    assert container.wait()["StatusCode"] == 0
    assert exit_code(container) == 0


def test_rename_gives_the_name_free(peer: Peer) -> None:
    """It is found by its new name only, whether it runs or not."""
    container = peer.start("sleep", "1000", name="contract-old")
    container.rename("contract-new")
    assert peer.client.containers.get("contract-new").id == container.id
    assert peer.ask("GET", "/containers/contract-old/json").status == 404
    assert peer.create("true", name="contract-old").name == "contract-old"


def test_container_is_found_by_id_short_id_and_name(peer: Peer) -> None:
    """A unique beginning of the ID is enough."""
    container = peer.create("true", name="contract-named")
    for spelling in (container.id, str(container.id)[:12], str(container.id)[:6], "contract-named"):
        found = peer.ask("GET", f"/containers/{spelling}/json")
        assert (found.status, found.json["Id"], found.json["Name"]) == (200, container.id, "/contract-named")


def test_container_without_a_name_gets_one(peer: Peer) -> None:
    """Two words, joined by an underscore, and different ones each time."""
    names = [str(peer.create("true").name) for _ in range(3)]
    assert len(set(names)) == 3
    assert all("_" in name for name in names)


def test_remove_forgets_a_container(peer: Peer) -> None:
    """A stopped one at once, a running one by force only."""
    stopped, runs = peer.create("true"), peer.start("sleep", "1000")
    stopped.remove()
    assert peer.ask("GET", f"/containers/{stopped.id}/json").status == 404
    runs.reload()
    pid = runs.attrs["State"]["Pid"]
    runs.remove(force=True)
    assert peer.ask("GET", f"/containers/{runs.id}/json").status == 404
    assert not Path(f"/proc/{pid}").exists()


def test_container_that_removes_itself_is_gone_after_its_end(peer: Peer) -> None:
    """``--rm`` is the engine's work, not the client's."""
    container = peer.create("sh", "-c", "exit 4", auto_remove=True)
    container.start()
    until(lambda: peer.ask("GET", f"/containers/{container.id}/json").status == 404)


def test_top_shows_the_hosts_pids(peer: Peer) -> None:
    """Columns as ps(1) has them, with its options."""
    container = peer.start("sleep", "5678")
    container.reload()
    pid = str(container.attrs["State"]["Pid"])
    usual = container.top()
    assert usual["Titles"] == ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    assert [(row[1], row[-1]) for row in usual["Processes"]] == [(pid, "sleep 5678")]
    chosen = container.top(ps_args="-o pid,args")
    assert (chosen["Titles"], chosen["Processes"]) == (["PID", "COMMAND"], [[pid, "sleep 5678"]])


def test_containers_processes_end_with_its_first(peer: Peer) -> None:
    """What it left in the background is gone once wait says that it ended."""
    container = peer.start("sh", "-c", "sleep 8765 & sleep 0.3; exit 0")
    until(lambda: len(rows(container)) > 1)
    pids = [row[1] for row in rows(container)]
    container.wait()
    until(lambda: not any(Path(f"/proc/{pid}/exe").is_symlink() for pid in pids))


def rows(container: Container) -> list[list[str]]:
    """Its processes; none where it does not run."""
    try:
        return list(container.top()["Processes"])
    except docker.errors.APIError:
        return []


def test_prune_removes_the_stopped(peer: Peer) -> None:
    """And tells their IDs; what runs stays."""
    stopped, runs = peer.create("true"), peer.start("sleep", "1000")
    pruned = peer.client.containers.prune()
    assert pruned["ContainersDeleted"] == [stopped.id]
    assert isinstance(pruned["SpaceReclaimed"], int)
    runs.reload()
    assert runs.status == "running"
