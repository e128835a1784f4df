"""Exec: processes beside a container's first one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from docker.models.containers import Container

from tests.contract.hijack import hijack, make_exec
from tests.contract.peer import Peer, beside
from tests.contract.waiting import until

FAST = 200
START = {"Detach": False, "Tty": False}


@pytest.fixture
def running(peer: Peer) -> Container:
    """A container that only waits."""
    return peer.start("sleep", "1000", environment={"OF": "container"}, working_dir="/desk")


def test_exec_gives_both_streams_and_its_code(running: Container) -> None:
    """Through docker-py."""
    answer: object = running.exec_run(["sh", "-c", "echo out; echo err >&2; exit 5"], demux=True)
    assert answer == (5, (b"out\n", b"err\n"))


def test_exec_is_in_the_containers_namespaces(running: Container) -> None:
    """Every namespace is the first process's."""
    kinds = ("mnt", "pid", "uts", "ipc", "net", "user", "cgroup")
    first, own = (
        beside(running, "sh", "-c", f"for n in {' '.join(kinds)}; do readlink /proc/{which}/ns/$n; done").split()
        for which in ("1", "self")
    )
    assert (own, len(own)) == (first, len(kinds))


def test_exec_has_the_containers_environment_and_folder(running: Container) -> None:
    """And what the request adds."""
    told = beside(running, "sh", "-c", "echo $OF $MORE $HOME; pwd", environment={"MORE": "exec"})
    assert told == "container exec /root\n/desk\n"
    assert beside(running, "pwd", workdir="/home") == "/home\n"


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ("", "0:0:0"),
        ("learner", "1000:1001:1001,1002"),
        ("1000", "1000:1001:1001,1002"),
        ("learner:helpers", "1000:1002:1002"),
        ("4321:5432", "4321:5432:5432"),
    ],
)
def test_exec_has_the_user_of_the_request(peer: Peer, running: Container, user: str, says: str) -> None:
    """In every spelling, with its groups; an engine with a single ID has no other than root."""
    output = beside(running, "sh", "-c", 'echo $(id -u):$(id -g):$(id -G | tr " " ,)', user=user)
    assert output.strip() == ("0:0:0" if peer.is_single else says)


def test_inspect_tells_of_an_exec(peer: Peer, running: Container) -> None:
    """Before, while and after."""
    made = make_exec(peer, running.id, "sh", "-c", "read x; exit 9", AttachStdin=True)
    before = peer.ask("GET", f"/exec/{made}/json").json
    assert (before["Running"], before["ExitCode"], before["Pid"]) == (False, None, 0)
    assert before["ContainerID"] == running.id
    config = before["ProcessConfig"]
    assert (config["entrypoint"], config["arguments"], config["tty"]) == ("sh", ["-c", "read x; exit 9"], False)
    with hijack(peer, f"/exec/{made}/start", START) as started:
        during = peer.ask("GET", f"/exec/{made}/json").json
        assert (during["Running"], during["ExitCode"]) == (True, None)
        until(lambda: peer.ask("GET", f"/exec/{made}/json").json["Pid"] > 0)
        pid = peer.ask("GET", f"/exec/{made}/json").json["Pid"]
        assert Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sh\0-c\0read x")
        running.reload()
        assert running.attrs["ExecIDs"] == [made]
        started.send(b"\n")
        assert started.said() == {1: b"", 2: b""}
    until(lambda: not peer.ask("GET", f"/exec/{made}/json").json["Running"])
    assert peer.ask("GET", f"/exec/{made}/json").json["ExitCode"] == 9


def test_detached_exec_is_no_stream(peer: Peer, running: Container) -> None:
    """The answer is 200 at once; the process goes on."""
    made = make_exec(peer, running.id, "sh", "-c", "echo done >/desk/detached")
    answer = peer.ask("POST", f"/exec/{made}/start", {"Detach": True})
    assert (answer.status, answer.body) == (200, b"")
    until(lambda: beside(running, "cat", "/desk/detached") == "done\n")


def test_exec_with_a_terminal(peer: Peer, running: Container) -> None:
    """Raw bytes, a terminal of its own, and the size of the request."""
    made = make_exec(peer, running.id, "sh", "-c", "tty; read x; stty size", AttachStdin=True, Tty=True)
    with hijack(peer, f"/exec/{made}/start", {"Detach": False, "Tty": True}) as started:
        assert started.status == 101
        assert started.content_type == "application/vnd.docker.raw-stream"
        assert started.read(12) == b"/dev/pts/0\r\n"
        assert peer.ask("POST", f"/exec/{made}/resize?h=21&w=77").status in {200, 201}
        started.send(b"\n")
        assert started.read_all() == b"\r\n21 77\r\n"


def test_half_close_ends_an_execs_input_only(peer: Peer, running: Container) -> None:
    """What follows the end of the input still comes."""
    made = make_exec(peer, running.id, "sh", "-c", "cat; echo all read", AttachStdin=True)
    with hijack(peer, f"/exec/{made}/start", START) as started:
        started.send(b"given\n")
        started.half_close()
        assert started.said()[1] == b"given\nall read\n"


def test_a_megabyte_passes_whole_through_an_exec(peer: Peer, running: Container) -> None:
    """In through the docker command, and back."""
    given = os.urandom(3 << 20)
    told = peer.docker_bytes("exec", "-i", str(running.id), "sha256sum", given=given)
    assert told.split()[0] == hashlib.sha256(given).hexdigest().encode()
    assert peer.docker_bytes("exec", "-i", str(running.id), "cat", given=given) == given


def test_fast_frames_reach_docker_py(peer: Peer, running: Container) -> None:
    """What follows the head of the answer at once is not lost in its buffers: 200 of 200; Docker is too slow for it."""
    numbers = range(5 if peer.is_docker else FAST)
    answers = [running.exec_run(["echo", str(number)]) for number in numbers]
    assert [answer.output for answer in answers] == [f"{number}\n".encode() for number in numbers]


def test_exec_outlives_nothing(peer: Peer) -> None:
    """It ends with the container's first process, as killed."""
    container = peer.start("sleep", "1000")
    made = make_exec(peer, container.id, "sh", "-c", "echo ready; exec sleep 1000")
    with hijack(peer, f"/exec/{made}/start", START) as started:
        frames = started.frames()
        assert next(frames) == (1, b"ready\n")
        container.kill()
        assert list(frames) == []
    until(lambda: peer.ask("GET", f"/exec/{made}/json").json["ExitCode"] == 137)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("no-such-program", 'exec: "no-such-program": executable file not found in $PATH'),
        ("/desk/not-executable", 'exec: "/desk/not-executable": permission denied'),
        ("/desk", "permission denied"),
    ],
)
def test_program_that_cannot_run_says_so_in_the_stream(peer: Peer, running: Container, command: str, says: str) -> None:
    """The code is 126 for all of them; detached, the request itself is refused."""
    made = make_exec(peer, running.id, command)
    with hijack(peer, f"/exec/{made}/start", START) as started:
        assert started.status == 101
        assert says in started.said()[1].decode()
    until(lambda: peer.ask("GET", f"/exec/{made}/json").json["ExitCode"] == 126)
    done = peer.docker("exec", str(running.id), command)
    assert (done.returncode, says in done.stdout) == (126, True), done
    detached = peer.ask("POST", f"/exec/{make_exec(peer, running.id, command)}/start", {"Detach": True})
    assert (detached.status, says in detached.says) == (400, True), detached.says


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ("nobody-here", "unable to find user nobody-here: no matching entries in passwd file"),
        ("1000:nogroup", "unable to find group nogroup: no matching entries in group file"),
        ("-1", "uids and gids must be in range 0-2147483647"),
        ("4294967296", "uids and gids must be in range 0-2147483647"),
    ],
)
def test_user_that_is_none_says_so_in_the_stream(peer: Peer, running: Container, user: str, says: str) -> None:
    """With an end of line as a terminal writes it."""
    made = make_exec(peer, running.id, "id", User=user)
    with hijack(peer, f"/exec/{made}/start", START) as started:
        assert started.said()[1].decode() == f"{says}\r\n"


def refused(peer: Peer, name: str | None, **settings: Any) -> tuple[int, str]:  # noqa: ANN401 - the API's
    """Status and words for an exec that cannot be made."""
    answer = peer.ask("POST", f"/containers/{name}/exec", {"AttachStdout": True, **settings})
    return answer.status, answer.says


def test_odd_execs_are_refused(peer: Peer, running: Container) -> None:
    """No such container, none that runs, no command, no such exec, started twice."""
    assert refused(peer, "nothing", Cmd=["true"]) == (404, "No such container: nothing")
    stopped = peer.create("true")
    status, says = refused(peer, stopped.id, Cmd=["true"])
    assert (status, says.lower()) == (409, f"container {stopped.id} is not running")
    assert refused(peer, running.id) == (400, "No exec command specified")
    unknown = peer.ask("GET", "/exec/nothing/json")
    assert (unknown.status, unknown.says) == (404, "No such exec instance: nothing")
    made = make_exec(peer, running.id, "true")
    with hijack(peer, f"/exec/{made}/start", START) as started:
        started.said()
    until(lambda: not peer.ask("GET", f"/exec/{made}/json").json["Running"])
    again = peer.ask("POST", f"/exec/{made}/start", {"Detach": True})
    assert (again.status, again.says) == (409, f"Error: Exec command {made} has already run")
