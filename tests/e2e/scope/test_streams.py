"""Streams through the scope are as they are without it, half-closed ones too."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from labrunner.engine.api import Api, ApiError
from tests.e2e.scope.conftest import PREFIX, SECONDS, Client
from tests.unit.processes import waited

pytestmark = pytest.mark.engine

NAME = f"{PREFIX}lab-stream"
MUCH = os.urandom(1 << 20) * 10


@pytest.fixture
def running(lab: Client) -> Iterator[str]:
    """A container that runs until it is removed."""
    lab("container", "run", "--detach", "--name", NAME, "ubuntu", "sleep", "600")
    yield NAME
    lab("container", "rm", "--force", NAME)


def test_exec_passes_much_both_ways_and_its_end(lab: Client, running: str) -> None:
    """10 MB in, the same out: the end of the input reaches the program, which then writes the rest."""
    done = lab.process("exec", "-i", running, "cat", given=MUCH)
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(MUCH).digest()
    assert done.stderr == b""


def test_exec_answers_after_its_input_has_ended(lab: Client, running: str) -> None:
    """A half-closed connection still carries the other direction."""
    words = ["sh", "-c", "wc -c; sleep 0.3; echo late"]
    assert lab("exec", "-i", running, *words, given=MUCH).split() == [str(len(MUCH)), "late"]


def test_exit_code_and_standard_error_pass(lab: Client, running: str) -> None:
    done = lab.process("exec", running, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"out\n", b"err\n")


def test_run_attaches_and_waits(lab: Client) -> None:
    """``run -i --rm``: attach, start, wait and removal, with input that ends."""
    assert lab("container", "run", "-i", "--rm", "ubuntu", "tac", given=b"one\ntwo\n").split() == ["two", "one"]


def test_logs_are_followed_to_the_containers_end(lab: Client) -> None:
    lab(
        "container",
        "run",
        "--detach",
        "--name",
        NAME,
        "ubuntu",
        "sh",
        "-c",
        "for i in 1 2 3; do echo $i; sleep 0.1; done",
    )
    assert lab("logs", "--follow", NAME).split() == ["1", "2", "3"]
    assert lab("wait", NAME) == "0"
    lab("container", "rm", NAME)


def test_client_that_goes_away_is_let_go_by_the_engine(lab: Client, running: str) -> None:
    """A client that is killed while it follows leaves no connection behind."""
    environ = {**os.environ, "DOCKER_HOST": lab.host}
    with subprocess.Popen(["docker", "exec", "-i", running, "cat"], stdin=subprocess.PIPE, env=environ) as process:
        assert waited(lambda: " cat" in lab("top", running, "-eo", "pid,args"))
        process.kill()
    assert waited(lambda: " cat" not in lab("top", running, "-eo", "pid,args"))


def test_events_arrive_as_they_happen(lab: Client, running: str) -> None:
    environ = {**os.environ, "DOCKER_HOST": lab.host}
    identity = lab("container", "inspect", "--format", "{{.Id}}", running).strip()
    command = ["docker", "events", "--since", "10m", "--filter", f"container={identity}", "--format", "{{.Action}}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ, text=True) as process:
        assert process.stdout is not None
        lab("container", "pause", running)
        lab("container", "unpause", running)
        seen = [process.stdout.readline().strip() for _ in range(4)]
        process.kill()
    assert seen == ["create", "start", "pause", "unpause"]


def test_second_call_on_a_connection_does_not_pass_the_rules(lab: Client) -> None:
    """A call that hides behind one that could take the connection over is not heard by the engine."""
    head = b"Host: d\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    first = b"POST /v1.41/exec/nothing/start HTTP/1.1\r\n" + head + b"{}"
    second = f"DELETE /v1.41/containers/{PREFIX}running?force=1 HTTP/1.1\r\nHost: d\r\n\r\n".encode()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(SECONDS)
        client.connect(lab.host.removeprefix("unix://"))
        client.sendall(first + second)
        received = b""
        while content := client.recv(1 << 16):
            received += content
    assert received.count(b"HTTP/1.1 ") == 1
    assert b" 404 " in received.splitlines()[0]


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        (b"nonsense\r\n\r\n", 400, "METHOD TARGET HTTP/1.1 was expected"),
        (b"GET /../images/json HTTP/1.1\r\n\r\n", 400, "a path of the Docker API was expected"),
        (b"GET /" + b"x" * (300 << 10), 400, "a head of at most 262144 bytes was expected"),
        (b"POST /v1.41/containers/create HTTP/1.1\r\nContent-Length: 4\r\n\r\nnull", 400, "does not understand"),
        (b"POST /v1.41/volumes/create HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413, "a body of at most"),
        (b"POST /v1.41/surprise HTTP/1.1\r\n\r\n", 403, "is not for labs"),
    ],
)
def test_what_is_no_call_is_answered_in_one_sentence(lab: Client, sent: bytes, status: int, says: str) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(SECONDS)
        client.connect(lab.host.removeprefix("unix://"))
        threading.Thread(target=client.sendall, args=(sent,)).start()
        received = b""
        while content := client.recv(1 << 16):
            received += content
    head, _, body = received.partition(b"\r\n\r\n")
    assert f" {status} ".encode() in head.splitlines()[0]
    assert says in json.loads(body)["message"]


def test_socket_is_for_its_user_only(lab: Client) -> None:
    assert Path(lab.host.removeprefix("unix://")).stat().st_mode & 0o777 == 0o600


def test_api_refusals_keep_their_status(lab: Client) -> None:
    with pytest.raises(ApiError) as caught:
        Api(lab.host).json("DELETE", f"/containers/{PREFIX}running", force="1")
    assert caught.value.status == 403
