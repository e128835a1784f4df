"""Requests whose connection becomes a stream: attach and exec start, by bare sockets."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.contract.peer import PATIENCE, Peer

_HEAD = 8


class Hijacked:
    """A connection after its head: ``status`` and ``content_type`` are the answer's."""

    def __init__(self, connection: socket.socket, head: bytes, rest: bytes) -> None:
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        fields = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        self.content_type = fields.get("content-type", "")
        self.upgrade = fields.get("upgrade", "")
        self.socket = connection
        self._rest = rest

    def send(self, content: bytes) -> None:
        """To the process."""
        self.socket.sendall(content)

    def half_close(self) -> None:
        """Say that nothing more comes; what the process says is still read."""
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self) -> bytes:
        """Some bytes; none at the end."""
        if self._rest:
            rest, self._rest = self._rest, b""
            return rest
        return self.socket.recv(1 << 16)

    def read(self, count: int) -> bytes:
        """As many bytes, or fewer at the end."""
        taken = b""
        while len(taken) < count and (piece := self.receive()):
            taken += piece
        taken, self._rest = taken[:count], taken[count:] + self._rest
        return taken

    def read_all(self) -> bytes:
        """All that comes until the engine closes."""
        return b"".join(iter(self.receive, b""))

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """Stream (1 output, 2 error) and content of each frame until the engine closes."""
        while head := self.read(_HEAD):
            assert head[1:4] == b"\0\0\0", head
            content = self.read(int.from_bytes(head[4:], "big"))
            yield head[0], content

    def said(self) -> dict[int, bytes]:
        """All of each stream."""
        whole = {1: b"", 2: b""}
        for stream, content in self.frames():
            whole[stream] += content
        return whole


@contextmanager
def hijack(peer: Peer, path: str, body: object = None, *, upgrade: bool = True) -> Iterator[Hijacked]:
    """Send a POST and give what is left of its connection."""
    content = b"" if body is None else json.dumps(body).encode()
    wanted = "Connection: Upgrade\r\nUpgrade: tcp\r\n" if upgrade else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: docker\r\n{wanted}"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(peer.socket)
        connection.sendall(head.encode() + content)
        came = b""
        while b"\r\n\r\n" not in came:
            piece = connection.recv(1)  # not a byte more: what follows is the stream's
            assert piece, came
            came += piece
        answer, _, rest = came.partition(b"\r\n\r\n")
        yield Hijacked(connection, answer, rest)


def make_exec(peer: Peer, container: str | None, *command: str, **settings: object) -> str:
    """The ID of a new exec; ``settings`` are those of the API."""
    wanted = {"AttachStdout": True, "AttachStderr": True, "Cmd": list(command), **settings}
    answer = peer.ask("POST", f"/containers/{container}/exec", wanted)
    assert answer.status == 201, answer.body
    return str(answer.json["Id"])
