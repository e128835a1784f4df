"""What a route returns: values that say what to answer, made and compared without a socket."""

from __future__ import annotations

from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec

RAW_STREAM = "application/vnd.docker.raw-stream"
MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream"
#: From this version of the API on, a stream of frames says that it is one.
SAYS_MULTIPLEXED = (1, 42)


@dataclass(frozen=True)
class Json:
    """A value that msgspec can write."""

    value: object
    status: int = HTTPStatus.OK

    def body(self) -> bytes:
        """With a line's end, as Docker writes it."""
        return msgspec.json.encode(self.value) + b"\n"


@dataclass(frozen=True)
class Text:
    """A line of text, and more headers."""

    text: str
    headers: tuple[tuple[str, str], ...] = ()
    status: int = HTTPStatus.OK


@dataclass(frozen=True)
class Empty:
    """Nothing but a status: 204 it was done, 304 it was so already."""

    status: int = HTTPStatus.NO_CONTENT


@dataclass(frozen=True)
class Stream:
    """Pieces of a body as they come, headers first; ``first`` is awaited after the headers went out."""

    pieces: AsyncIterator[bytes]
    content_type: str
    status: int = HTTPStatus.OK


@dataclass(frozen=True)
class Hijack:
    """The connection becomes ``serve``'s: it reads what the client sends until its half-close, and writes on."""

    serve: Callable[[StreamReader, StreamWriter], Awaitable[None]]
    content_type: str = field(default=RAW_STREAM)


Answer = Json | Text | Empty | Stream | Hijack


def stream_type(version: tuple[int, int], *, tty: bool) -> str:
    """The content type of a container's output."""
    return MULTIPLEXED_STREAM if not tty and version >= SAYS_MULTIPLEXED else RAW_STREAM


def json_line(value: object) -> bytes:
    """A piece of a stream of JSON values."""
    return msgspec.json.encode(value) + b"\r\n"
