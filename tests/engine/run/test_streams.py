"""What is attached to a container gets every byte, and harms nobody when it is slow or vanishes."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

from labrunner.runtime import channel, folder, log
from labrunner.runtime.messages import Resize
from tests.engine.harness import Runtime

_MEGABYTE = 1 << 20


def frame(content: bytes) -> bytes:
    """A frame of standard input; an empty one is its end."""
    return b"\0" + len(content).to_bytes(4, "big") + content


def frames(link: socket.socket) -> dict[int, bytes]:
    """What each stream carries until the shim closes the connection."""
    found = {1: b"", 2: b""}
    with link.makefile("rb") as stream:
        while head := stream.read(5):
            found[head[0]] += stream.read(int.from_bytes(head[1:], "big"))
    return found


def test_a_megabyte_goes_through_each_direction_whole(running: Runtime) -> None:
    container = running.create("cat", open_stdin=True, stdin_once=True)
    content = os.urandom(_MEGABYTE)
    with container.attach(stdin=True, stdout=True, stderr=True) as link:
        container.start()
        child = os.fork()
        if not child:  # writes while we read: neither side's buffers hold a megabyte
            link.sendall(frame(content) + frame(b""))
            os._exit(0)
        output = frames(link)
        os.waitpid(child, 0)
    assert hashlib.sha256(output[1]).digest() == hashlib.sha256(content).digest()
    assert container.wait().code == 0
    records = log.read(Path(container.spec.folder, folder.LOG))
    assert b"".join(record.content for record in records) == content


def test_streams_are_told_apart_and_only_those_asked_for_come(running: Runtime) -> None:
    container = running.create("sh", "-c", "echo out; echo err >&2")
    with container.attach(stdout=True, stderr=True) as both, container.attach(stderr=True) as error:
        container.start()
        assert frames(both) == {1: b"out\n", 2: b"err\n"}
        assert frames(error) == {1: b"", 2: b"err\n"}


def test_who_does_not_read_holds_the_container_up_and_loses_nothing(running: Runtime) -> None:
    container = running.create("sh", "-c", "yes | head -c 8000000; echo done >&2")
    with container.attach(stdout=True) as slow:
        container.start()
        with container.attach(stderr=True) as other:
            other.settimeout(0.3)
            try:
                told = other.recv(100)
            except TimeoutError:
                told = b""
        assert not told  # it cannot have ended: nobody took its output
        assert len(frames(slow)[1]) == 8_000_000
    assert container.wait().code == 0


def test_who_vanishes_harms_nobody(running: Runtime) -> None:
    container = running.create("sh", "-c", "yes | head -c 8000000; cat; echo done >&2", open_stdin=True)
    with container.attach(stdin=True, stdout=True):
        container.start()
    with container.attach(stderr=True, stdin=True) as other:
        other.sendall(frame(b"ignored by cat"))
        container.signal(9)
        assert frames(other)[2] == b""
    assert container.wait().code == 137


def test_input_ends_with_its_only_client(running: Runtime) -> None:
    container = running.create("sh", "-c", "cat; echo end", open_stdin=True, stdin_once=True)
    with container.attach(stdin=True) as link:
        container.start()
        link.sendall(frame(b"last words\n"))
    assert container.wait().code == 0
    assert container.output() == "last words\nend\n"


def test_input_stays_open_for_the_next_client_otherwise(running: Runtime) -> None:
    container = running.create("head", "-n", "2", open_stdin=True)
    container.start()
    for line in (b"one\n", b"two\n"):
        with container.attach(stdin=True) as link:
            link.sendall(frame(line) + frame(b""))
            container.until(line.decode()) if line == b"two\n" else None
    assert container.wait().code == 0
    assert container.output() == "one\ntwo\n"


def test_without_input_it_reads_the_end_of_file(running: Runtime) -> None:
    assert running.create("cat").run() == (0, "")


def test_a_terminal_takes_input_that_came_before_the_start(running: Runtime) -> None:
    tty = {"tty": True, "rows": 20, "columns": 90}
    script = "tty; stty size; read x; echo got $x; stty size; ls -l /dev/console | head -c 1"
    container = running.create("sh", "-c", script, process=tty, open_stdin=True, stdin_once=True)
    with container.attach(stdin=True, stdout=True) as link:
        link.sendall(frame(b"early\n"))
        container.start()
        output = frames(link)[1].decode().replace("\r\n", "\n")
    assert output == "early\n/dev/pts/0\n20 90\ngot early\n20 90\nc" or output.endswith("20 90\ngot early\n20 90\nc")
    assert container.wait().code == 0


def test_a_terminal_gets_another_size(running: Runtime) -> None:
    script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done"
    container = running.create("sh", "-c", script, process={"tty": True})
    container.start()
    container.until("ready")
    with container.connect() as link:
        channel.call(link, Resize(rows=44, columns=155))
    assert container.wait().code == 0
    assert "44 155" in container.output()


def test_the_log_drops_its_oldest_segments(running: Runtime) -> None:
    container = running.create("sh", "-c", "yes | head -c 3000000; echo last", log_bytes=500_000, log_segments=3)
    assert container.run()[0] == 0
    segments = sorted(Path(container.spec.folder, folder.LOG).iterdir())
    assert len(segments) == 3
    assert sum(segment.stat().st_size for segment in segments) < 3 * 600_000
    assert container.output().endswith("y\nlast\n")
