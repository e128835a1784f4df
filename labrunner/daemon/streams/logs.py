"""Logs: the chunks that a shim wrote, made into lines, and the next ones as they come.

Whoever follows reads the same file as whoever does not, so times and order are the same; being attached only tells
when there is more to read.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from labrunner.daemon.containers.container import Container
from labrunner.daemon.containers.life import Life
from labrunner.daemon.streams.attach import Joined, join
from labrunner.daemon.times import iso
from labrunner.runtime import folder, log
from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.messages import Attach, Attached
from labrunner.wire.streams import frame

#: A line longer than this is sent in pieces, as in Docker.
_LONGEST = 16 << 10


@dataclass(frozen=True)
class Wish:
    """What of a log is wanted: streams (1, 2), times (nanoseconds since 1970), how many last lines."""

    streams: frozenset[int]
    since: int = 0
    until: int | None = None
    tail: int | None = None
    timestamps: bool = False
    follow: bool = False
    framed: bool = True


@dataclass(frozen=True)
class Line:
    """A line of one stream, or a piece of a long one; ``begins`` where it is the line's first piece."""

    time: int
    stream: int
    content: bytes
    begins: bool


class Lines:
    """Makes lines of records."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[int, bytes, bool]] = {}

    def of(self, record: log.Record) -> Iterator[Line]:
        """The lines that this record completes."""
        at, held, begins = self._held.pop(record.stream, (record.time, b"", True))
        *whole, rest = (held + record.content).split(b"\n")
        for content in whole:
            yield Line(at, record.stream, content + b"\n", begins)
            at, begins = record.time, True
        while len(rest) >= _LONGEST:
            yield Line(at, record.stream, rest[:_LONGEST], begins)
            rest, begins = rest[_LONGEST:], False
        if rest:
            self._held[record.stream] = (at, rest, begins)

    def rest(self) -> Iterator[Line]:
        """What has no end yet."""
        for stream, (at, content, begins) in self._held.items():
            yield Line(at, stream, content, begins)
        self._held.clear()


async def logs(life: Life, container: Container, wish: Wish) -> AsyncIterator[bytes]:
    """The wanted lines in pieces; where ``follow``, until the container ends."""
    place, lines, position = container.run / folder.LOG, Lines(), log.Position()
    joined = await _join(life, container) if wish.follow and container.running else None
    try:
        if wish.tail is not None:
            records = _last(place, wish.tail)
            position = records[-1].end if records else position
            made = deque(chain.from_iterable(lines.of(record) for record in records), maxlen=wish.tail)
            if joined is None:
                made.extend(lines.rest())
            yield _written(made, wish)
        ended = False
        while not ended:
            for record in log.read(place, position):
                position = record.end
                yield _written(lines.of(record), wish)
            over = wish.until is not None and wish.until < time.time_ns()
            ended = joined is None or over or await joined.frame() is None
        for record in log.read(place, position):
            yield _written(lines.of(record), wish)
        yield _written(lines.rest(), wish)
    finally:
        if joined is not None:
            joined.close()


async def _join(life: Life, container: Container) -> Joined | None:
    """Be told of what a container writes; None where it has ended meanwhile."""
    try:
        return await join(life, container, Attach(stdout=True, stderr=True))
    except RuntimeFailure:
        return None


def before(container: Container, at: Attached | None, wish: Wish) -> Iterator[bytes]:
    """What a log had when somebody attached (now, where nobody did), in pieces as they were written."""
    end = log.Position(at.segment, at.offset) if at is not None else log.Position(1 << 30)
    for record in log.read(container.run / folder.LOG):
        if record.end > end:
            return
        if record.stream in wish.streams:
            yield frame(record.stream, record.content) if wish.framed else record.content


def _last(place: Path, count: int) -> list[log.Record]:
    """The last records, in order, that hold at least so many lines and what stands behind them."""
    found: deque[log.Record] = deque()
    newlines = 0
    for record in log.read_back(place):
        found.appendleft(record)
        newlines += record.content.count(b"\n")
        if newlines > count + 1:
            break
    return list(found)


def _written(lines: Iterable[Line], wish: Wish) -> bytes:
    return b"".join(
        _line(line, wish)
        for line in lines
        if line.stream in wish.streams and line.time >= wish.since and (wish.until is None or line.time <= wish.until)
    )


def _line(line: Line, wish: Wish) -> bytes:
    content = f"{iso(line.time)} ".encode() + line.content if wish.timestamps and line.begins else line.content
    return frame(line.stream, content) if wish.framed else content
