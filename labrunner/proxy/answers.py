"""What the engine answers, as far as the scope looks into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from labrunner.wire.chunks import LAST, Chunks, chunk
from labrunner.wire.heads import ResponseHead, head_end

#: A row of a streamed answer that is longer than this is no row that says what was made.
_MOST_ROW = 1 << 20
_OK = range(200, 300)
_INFORMAL = range(100, 200)
_SWITCHING = 101


_REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 502: "Bad Gateway"}
BROKEN = "the engine closed the connection without an answer; labrunner doctor"


def split_head(received: bytearray) -> ResponseHead | None:
    """Take the final head off the beginning of an answer; None where more must come. ``100 Continue`` is skipped."""
    while (end := head_end(received)) is not None:
        head = ResponseHead.parse(bytes(received[:end]))
        del received[:end]
        if head.status not in _INFORMAL or head.status == _SWITCHING:
            return head
    return None


def answer(status: int, data: object) -> bytes:
    """A whole JSON answer of the scope itself, which closes the connection."""
    body = json.dumps(data).encode() + b"\n"
    return (
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Refused')}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body


#: What a client gets in the place of an answer that never began.
NO_ANSWER = answer(502, {"message": BROKEN})


class WatchedAnswer:
    """A tap on a streamed answer: shows its JSON rows, and holds its end back until ``ended`` has returned.

    A client takes the last chunk for the end, or the connection's.
    """

    def __init__(self, seen: Callable[[Any], None], ended: Callable[[], Iterable[str]]) -> None:
        self._seen = seen
        self._ended = ended
        self._received = bytearray()
        self._head: ResponseHead | None = None
        self._chunks = Chunks()
        self._row = b""
        self._finished = False

    def __call__(self, received: bytes) -> bytes:
        """What the client gets of these bytes."""
        self._received += received
        if self._head is None:
            self._head = split_head(self._received)
            if self._head is None:
                return b""
            head = self._head.headers.without("Content-Length", "Transfer-Encoding", "Connection")
            head = head.having("Transfer-Encoding", "chunked").having("Connection", "close")
            return self._head.with_headers(head).serialise() + self._body()
        return self._body()

    def finish(self) -> bytes:
        """The end of the answer; also where the engine broke off, so that what was made is recorded."""
        if self._finished:
            return b""
        self._finished = True
        self._show(b"\n")
        said = list(self._ended())
        if self._head is None:
            return NO_ANSWER
        if self._head.chunked and not self._chunks.ended:
            return b""  # broken off: the client is to see that
        rows = b"".join(
            json.dumps({"errorDetail": {"message": each}, "error": each}).encode() + b"\r\n" for each in said
        )
        return chunk(rows) + LAST

    def _body(self) -> bytes:
        content = bytes(self._received)
        self._received.clear()
        if self._head is not None and self._head.chunked:
            content = self._chunks.feed(content)
        self._show(content)
        end = self.finish() if self._chunks.ended else b""
        return chunk(content) + end

    def _show(self, content: bytes) -> None:
        if self._head is None or self._head.status not in _OK:
            return
        for row in self._rows(content):
            with suppress(ValueError):
                value = json.loads(row)
                if isinstance(value, dict):
                    self._seen(value)

    def _rows(self, content: bytes) -> Iterator[bytes]:
        *rows, self._row = (self._row + content).split(b"\n")
        if len(self._row) > _MOST_ROW:
            self._row = b""
        for row in rows:
            if row.strip():
                yield row


def whole_answer(received: bytearray) -> tuple[ResponseHead | None, Any]:
    """Take the head off an answer that was read to its end, and give its JSON value too; None where that is none."""
    head = split_head(received)
    if head is None:
        return None, None
    body = Chunks().feed(bytes(received)) if head.chunked else bytes(received)
    try:
        return head, json.loads(body)
    except ValueError:
        return head, None


def is_success(head: ResponseHead) -> bool:
    """Whether the engine did what was asked."""
    return head.status in _OK
