"""Attach: output and input of a container's first process."""

from __future__ import annotations

import hashlib
import os

import pytest

from tests.contract.hijack import hijack
from tests.contract.peer import Peer
from tests.contract.waiting import until

MEBI = 1 << 20
STREAMS = "stream=1&stdin=1&stdout=1&stderr=1"


def test_attached_before_the_start_everything_comes(peer: Peer) -> None:
    """Both streams, each framed with its number, and the end of the connection after the process's."""
    container = peer.create("sh", "-c", "echo out; echo err >&2; exit 1")
    with hijack(peer, f"/containers/{container.id}/attach?{STREAMS}") as attached:
        assert (attached.status, attached.upgrade) == (101, "tcp")
        container.start()
        assert attached.said() == {1: b"out\n", 2: b"err\n"}


def test_without_upgrade_the_answer_is_200(peer: Peer) -> None:
    """For old clients, and the stream is the same."""
    container = peer.create("echo", "out")
    with hijack(peer, f"/containers/{container.id}/attach?{STREAMS}", upgrade=False) as attached:
        assert attached.status == 200
        container.start()
        assert attached.said()[1] == b"out\n"


@pytest.mark.parametrize("tty", [True, False])
def test_content_type_tells_frames_from_raw(peer: Peer, tty: bool) -> None:  # noqa: FBT001 - a parameter
    """``multiplexed-stream`` exists since API 1.42 and without a terminal."""
    container = peer.create("true", tty=tty)
    with hijack(peer, f"/containers/{container.id}/attach?{STREAMS}") as attached:
        kind = "raw" if tty or peer.api < (1, 42) else "multiplexed"
        assert attached.content_type == f"application/vnd.docker.{kind}-stream"
    with hijack(peer, f"/v1.41/containers/{container.id}/attach?{STREAMS}") as attached:
        assert attached.content_type == "application/vnd.docker.raw-stream"


def test_only_what_was_asked_for_comes(peer: Peer) -> None:
    """Standard error alone."""
    container = peer.create("sh", "-c", "echo out; echo err >&2")
    with hijack(peer, f"/containers/{container.id}/attach?stream=1&stderr=1") as attached:
        container.start()
        assert attached.said() == {1: b"", 2: b"err\n"}


def test_logs_come_first_where_they_are_asked_for(peer: Peer) -> None:
    """What was said before, then what is said from now on, with nothing lost or twice."""
    container = peer.start("sh", "-c", "echo before; read line; echo after $line", stdin_open=True)
    until(lambda: b"before" in container.logs())
    with hijack(peer, f"/containers/{container.id}/attach?logs=1&{STREAMS}") as attached:
        attached.send(b"given\n")
        assert attached.said()[1] == b"before\nafter given\n"


def test_half_close_ends_standard_input_only(peer: Peer) -> None:
    """What the process says after the end of its input still comes."""
    container = peer.create("sh", "-c", "cat; echo all read; echo really >&2", stdin_open=True)
    with hijack(peer, f"/containers/{container.id}/attach?{STREAMS}") as attached:
        container.start()
        attached.send(b"given\n")
        attached.half_close()
        assert attached.said() == {1: b"given\nall read\n", 2: b"really\n"}


def test_standard_input_stays_open_where_it_is_not_given_once(peer: Peer) -> None:
    """One client goes, the next one goes on."""
    container = peer.start("sh", "-c", "read a; read b; echo $a $b", stdin_open=True, detach=True)
    for word in (b"one\n", b"two\n"):
        with hijack(peer, f"/containers/{container.id}/attach?stream=1&stdin=1") as attached:
            attached.send(word)
    assert container.wait()["StatusCode"] == 0
    assert container.logs() == b"one two\n"


def test_a_megabyte_passes_whole_in_each_direction(peer: Peer) -> None:
    """Three of them, of bytes that are no text, while both sides talk."""
    given = os.urandom(3 * MEBI)
    container = peer.create("cat", stdin_open=True)
    with hijack(peer, f"/containers/{container.id}/attach?{STREAMS}") as attached:
        container.start()
        back = b""
        frames = attached.frames()
        for at in range(0, len(given), MEBI // 16):
            attached.send(given[at : at + MEBI // 16])
            while len(back) + MEBI // 4 < at:  # never more on the way than the pipes hold
                back += next(frames)[1]
        attached.half_close()
        back += b"".join(content for _, content in frames)
    assert hashlib.sha256(back).digest() == hashlib.sha256(given).digest()


def test_a_megabyte_of_output_is_whole(peer: Peer) -> None:
    """On both streams at once."""
    script = "head -c 1048576 /dev/zero | tr '\\0' o; head -c 1048576 /dev/zero | tr '\\0' e >&2"
    container = peer.create("sh", "-c", script)
    with hijack(peer, f"/containers/{container.id}/attach?{STREAMS}") as attached:
        container.start()
        said = attached.said()
    assert (said[1] == b"o" * MEBI, said[2] == b"e" * MEBI) == (True, True)


def test_many_are_attached_to_one(peer: Peer) -> None:
    """Each gets everything."""
    container = peer.create("sh", "-c", "for i in 1 2 3; do echo $i; done")
    path = f"/containers/{container.id}/attach?stream=1&stdout=1"
    with hijack(peer, path) as first, hijack(peer, path) as second:
        container.start()
        assert first.said()[1] == second.said()[1] == b"1\n2\n3\n"


def test_terminal_gives_raw_bytes(peer: Peer) -> None:
    """One stream, no frames, and ends of lines as a terminal writes them."""
    container = peer.create("sh", "-c", "tty; echo err >&2", tty=True)
    with hijack(peer, f"/containers/{container.id}/attach?{STREAMS}") as attached:
        container.start()
        assert attached.read_all() == b"/dev/pts/0\r\nerr\r\n"


def test_size_of_the_terminal_is_what_resize_said(peer: Peer) -> None:
    """The process asks its terminal, and hears SIGWINCH."""
    script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done"
    container = peer.start("sh", "-c", script, tty=True)
    until(lambda: b"ready" in container.logs())
    container.resize(33, 99)
    assert container.wait()["StatusCode"] == 0
    assert container.logs().endswith(b"33 99\r\n")


def test_resize_of_what_does_not_run_is_refused(peer: Peer) -> None:
    """Status 409."""
    container = peer.create("true", tty=True)
    answer = peer.ask("POST", f"/containers/{container.id}/resize?h=10&w=10")
    assert (answer.status, answer.says.lower()) == (409, f"container {container.id} is not running")


def test_client_that_goes_away_does_no_harm(peer: Peer) -> None:
    """The container runs on, and what it says is in the log."""
    container = peer.start("sh", "-c", "read x; yes | head -c 100000; echo end", stdin_open=True)
    with hijack(peer, f"/containers/{container.id}/attach?{STREAMS}") as attached:
        attached.send(b"go\n")
    assert container.wait()["StatusCode"] == 0
    logs = container.logs()
    assert (len(logs), logs[-4:]) == (100004, b"end\n")
