"""A container's log: what it said, when, on which stream."""

from __future__ import annotations

import datetime as dt
import threading
from urllib.parse import quote

import pytest
from docker.models.containers import Container

from tests.contract.peer import Peer
from tests.contract.waiting import until


def frames(content: bytes) -> list[tuple[int, bytes]]:
    """Stream and content of each frame."""
    found = []
    while content:
        size = int.from_bytes(content[4:8], "big")
        found.append((content[0], content[8 : 8 + size]))
        content = content[8 + size :]
    return found


def logs(peer: Peer, container: Container, query: str) -> list[tuple[int, bytes]]:
    """What the API answers, by frames."""
    answer = peer.ask("GET", f"/containers/{container.id}/logs?{query}")
    assert answer.status == 200, answer.body
    return frames(answer.body)


@pytest.fixture
def talker(peer: Peer) -> Container:
    """One that said four lines in turn on two streams, and a last one without an end."""
    container = peer.start(
        "sh", "-c", "for i in 1 2; do echo o$i; sleep 0.05; echo e$i >&2; sleep 0.05; done; printf tail"
    )
    container.wait()
    return container


def test_lines_come_in_order_on_their_streams(peer: Peer, talker: Container) -> None:
    """A frame for each line; the last one has no end because none was said."""
    assert logs(peer, talker, "stdout=1&stderr=1") == [
        (1, b"o1\n"),
        (2, b"e1\n"),
        (1, b"o2\n"),
        (2, b"e2\n"),
        (1, b"tail"),
    ]
    assert logs(peer, talker, "stdout=1") == [(1, b"o1\n"), (1, b"o2\n"), (1, b"tail")]
    assert logs(peer, talker, "stderr=1") == [(2, b"e1\n"), (2, b"e2\n")]


@pytest.mark.parametrize(
    ("tail", "says"),
    [
        ("0", []),
        ("1", [(1, b"tail")]),
        ("2", [(2, b"e2\n"), (1, b"tail")]),
        ("100", None),
        ("all", None),
        ("-3", None),
        ("odd", None),
    ],
)
def test_tail_counts_lines(peer: Peer, talker: Container, tail: str, says: list[tuple[int, bytes]] | None) -> None:
    """What is no number means all."""
    everything = logs(peer, talker, "stdout=1&stderr=1")
    assert logs(peer, talker, f"stdout=1&stderr=1&tail={tail}") == (everything if says is None else says)


def test_timestamps_are_nanoseconds_and_choose(peer: Peer, talker: Container) -> None:
    """Each line's own time, given back as ``since`` and ``until``, cuts there."""
    stamped = [content.split(b" ", 1) for _, content in logs(peer, talker, "stdout=1&stderr=1&timestamps=1")]
    times = [stamp.decode() for stamp, _ in stamped]
    assert times == sorted(times)
    assert all(len(time) == len("2026-01-01T00:00:00.000000000Z") and time.endswith("Z") for time in times)
    second = seconds(times[2])
    assert logs(peer, talker, f"stdout=1&stderr=1&since={second}") == [(1, b"o2\n"), (2, b"e2\n"), (1, b"tail")]
    assert logs(peer, talker, f"stdout=1&stderr=1&until={seconds(times[1])}") == [(1, b"o1\n"), (2, b"e1\n")]
    assert logs(peer, talker, "stdout=1&since=99999999999") == []


def seconds(stamp: str) -> str:
    """A time as the API takes it: seconds since 1970 and nanoseconds."""
    whole, _, nano = stamp.rstrip("Z").partition(".")
    moment = dt.datetime.fromisoformat(whole).replace(tzinfo=dt.UTC)
    return quote(f"{int(moment.timestamp())}.{nano}")


def test_follow_goes_on_to_the_end(peer: Peer) -> None:
    """What was said, then each line when it is said; the answer ends with the container."""
    container = peer.start("sh", "-c", "echo first; read x; echo second", stdin_open=True, detach=True)
    came: list[bytes] = []

    def read() -> None:
        came.extend(container.logs(stream=True, follow=True))

    reader = threading.Thread(target=read)
    reader.start()
    until(lambda: b"".join(came) == b"first\n")
    peer.docker("attach", str(container.id), given="\n")
    reader.join(30)
    assert b"".join(came) == b"first\nsecond\n"


def test_follow_of_what_ended_ends(peer: Peer, talker: Container) -> None:
    """At once."""
    assert logs(peer, talker, "stdout=1&follow=1") == [(1, b"o1\n"), (1, b"o2\n"), (1, b"tail")]


def test_log_of_a_terminal_is_raw(peer: Peer) -> None:
    """No frames, and ends of lines as a terminal writes them."""
    container = peer.start("sh", "-c", "echo one; echo two >&2", tty=True)
    container.wait()
    answer = peer.ask("GET", f"/containers/{container.id}/logs?stdout=1&stderr=1")
    assert answer.body == b"one\r\ntwo\r\n"


def test_bytes_that_are_no_text_come_back(peer: Peer) -> None:
    """All but those that end a line; Docker keeps its log as text, and loses what is none."""
    container = peer.start("perl", "-e", "print map(chr, 128..255), qq(\\n)")
    container.wait()
    if not peer.is_docker:
        assert container.logs() == bytes(range(128, 256)) + b"\n"


def test_long_line_is_whole(peer: Peer) -> None:
    """Though it is cut on the way."""
    container = peer.start("sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo")
    container.wait()
    assert container.logs() == b"x" * 100000 + b"\n"


def test_log_is_gone_with_nothing_said(peer: Peer) -> None:
    """Before the start, and after an end without words."""
    container = peer.create("true")
    assert logs(peer, container, "stdout=1") == []
    container.start()
    container.wait()
    assert logs(peer, container, "stdout=1&stderr=1&timestamps=1") == []


def test_log_without_a_stream_is_refused(peer: Peer, talker: Container) -> None:
    """Status 400."""
    answer = peer.ask("GET", f"/containers/{talker.id}/logs")
    assert (answer.status, answer.says) == (400, "Bad parameters: you must choose at least one stream")


def test_docker_logs_has_details_and_both_streams(peer: Peer, talker: Container) -> None:
    """Through the real client: each stream where it belongs."""
    done = peer.docker("logs", "--timestamps", "--tail", "3", str(talker.id))
    assert [line.split(" ", 1)[1] for line in done.stdout.splitlines()] == ["o2", "tail"]
    assert [line.split(" ", 1)[1] for line in done.stderr.splitlines()] == ["e2"]
