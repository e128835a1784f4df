"""Frames of HTTP/2 (RFC 9113), cut out of a stream and written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, CONTINUATION = 0, 1, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 0x1, 0x4, 0x8, 0x20
_HEAD = 9
#: The largest payload that every receiver takes.
MAX_PAYLOAD = 1 << 14


@dataclass(frozen=True)
class Frame:
    """One frame."""

    kind: int
    flags: int
    stream: int
    payload: bytes

    def serialise(self) -> bytes:
        """As bytes."""
        head = len(self.payload).to_bytes(3, "big") + bytes([self.kind, self.flags])
        return head + self.stream.to_bytes(4, "big") + self.payload

    @property
    def content(self) -> bytes:
        """The payload without padding and priority."""
        payload = self.payload
        if self.flags & PADDED and self.kind in {DATA, HEADERS} and payload:
            payload = payload[1 : len(payload) - payload[0]]
        if self.flags & PRIORITY and self.kind == HEADERS:
            payload = payload[5:]
        return payload


class Frames:
    """Takes one direction of a connection in pieces of any size, and gives its frames."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, received: bytes) -> Iterator[Frame]:
        """The frames that these bytes complete."""
        self._held += received
        while len(self._held) >= _HEAD:
            end = _HEAD + int.from_bytes(self._held[:3], "big")
            if len(self._held) < end:
                return
            whole = bytes(self._held[:end])
            del self._held[:end]
            yield Frame(whole[3], whole[4], int.from_bytes(whole[5:9], "big") & 0x7FFFFFFF, whole[_HEAD:])
