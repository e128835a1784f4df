"""Streams that take a connection over, and the 8-byte frames in which they carry standard output and error.

The Docker Engine API, "Attach to a container": https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

from collections.abc import Iterator

from labrunner.wire.heads import RequestHead, ResponseHead

_SWITCHING = 101
_RAW = ("application/vnd.docker.raw-stream", "application/vnd.docker.multiplexed-stream")


def frame(number: int, payload: bytes) -> bytes:
    """One frame: the stream's number (1 is standard output, 2 standard error), three zeros, the length, the payload."""
    return bytes([number, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload


def frames(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Split a multiplexed stream into (stream number, payload); a torn last frame is dropped."""
    at = 0
    while at + 8 <= len(stream):
        end = at + 8 + int.from_bytes(stream[at + 4 : at + 8], "big")
        if end > len(stream):
            return
        yield stream[at], stream[at + 8 : end]
        at = end


def wants_upgrade(head: RequestHead) -> bool:
    """Whether the client asks for the connection to become another protocol's (``tcp``, ``h2c``, ``websocket``)."""
    return "upgrade" in head.headers.words("Connection") and head.headers.get("Upgrade") is not None


def takes_over(head: ResponseHead) -> bool:
    """Whether what follows this head belongs to both sides: upgraded, or as Docker did it before upgrades."""
    return head.status == _SWITCHING or (
        not head.chunked and head.length() is None and (head.headers.get("Content-Type") or "").startswith(_RAW)
    )
