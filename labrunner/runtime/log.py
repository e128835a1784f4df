"""A container's log: what it wrote, as chunks, in segments of which the oldest is dropped.

A record is a head (time in nanoseconds since 1970, stream, length), the bytes as they were read, and the length of the
whole record once more, so that the log can be read from its end as well. All numbers are little-endian. Lines are made
on reading: a record for each line let a single ``yes`` take half a second from whoever else wanted the processor.
A record that a killed shim left torn ends its segment; the next shim begins another one.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

STDOUT, STDERR = 1, 2
_HEAD, _TAIL = struct.Struct("<QBI"), struct.Struct("<I")
_FRAME = _HEAD.size + _TAIL.size


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """A place between two records: the segment's number and the bytes before it there."""

    segment: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """What a stream (1 output, 2 error) carried at ``time``, nanoseconds since 1970; ``end`` is where it ends."""

    time: int
    stream: int
    content: bytes
    end: Position


class Writer:
    """Appends to the log in the folder ``descriptor``; at most ``segments`` of about ``limit`` bytes are kept.

    By descriptors only: pathlib's many parts would become a shim's own memory.
    """

    def __init__(self, descriptor: int, limit: int, segments: int) -> None:
        self._folder = descriptor
        self._limit = limit
        self._segments = segments
        last = max(_numbers(descriptor), default=1)
        self._open(last)
        if self.offset and not _ends_whole(self._file, self.offset):
            os.close(self._file)
            self._open(last + 1)

    def _open(self, number: int) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(_name(number), flags, 0o600, dir_fd=self._folder)
        self.segment, self.offset = number, os.fstat(self._file).st_size

    def write(self, time: int, stream: int, content: bytes) -> None:
        """Append a record. OSError, and nothing appended, where the disk is full."""
        if self.offset >= self._limit:
            self._rotate()
        whole = _HEAD.pack(time, stream, len(content)) + content + _TAIL.pack(_FRAME + len(content))
        try:
            written = os.write(self._file, whole)
        except OSError:
            written = 0
        if written < len(whole):
            os.ftruncate(self._file, self.offset)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.offset += written

    def _rotate(self) -> None:
        os.close(self._file)
        self._open(self.segment + 1)
        for number in _numbers(self._folder):
            if number <= self.segment - self._segments:
                os.unlink(_name(number), dir_fd=self._folder)

    def close(self) -> None:
        """Close the file; the folder stays the caller's."""
        os.close(self._file)


def read(folder: Path, start: Position = Position()) -> Iterator[Record]:
    """The records from a position on, up to what is whole now; nothing where there is no log.

    A segment that is dropped meanwhile is left out.
    """
    for number in sorted(_numbers_at(folder)):
        if number < start.segment:
            continue
        try:
            file = (folder / _name(number)).open("rb")
        except FileNotFoundError:
            continue
        with file:
            yield from _forward(file, Position(number, start.offset if number == start.segment else 0))


def read_back(folder: Path) -> Iterator[Record]:
    """The records from the last one to the first, for whoever wants the end of the log only."""
    for number in sorted(_numbers_at(folder), reverse=True):
        try:
            file = (folder / _name(number)).open("rb")
        except FileNotFoundError:
            continue
        with file:
            yield from _backward(file, number)


def _forward(file: BinaryIO, position: Position) -> Iterator[Record]:
    offset = file.seek(position.offset)
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        time, stream, length = _HEAD.unpack(head)
        rest = file.read(length + _TAIL.size)
        if len(rest) < length + _TAIL.size:
            return
        offset += _FRAME + length
        yield Record(time, stream, rest[:length], Position(position.segment, offset))


def _backward(file: BinaryIO, number: int) -> Iterator[Record]:
    end = os.fstat(file.fileno()).st_size
    if end and not _ends_whole(file.fileno(), end):
        yield from reversed(list(_forward(file, Position(number))))
        return
    while end:
        whole = _TAIL.unpack(os.pread(file.fileno(), _TAIL.size, end - _TAIL.size))[0]
        record = os.pread(file.fileno(), whole, end - whole)
        time, stream, length = _HEAD.unpack_from(record)
        yield Record(time, stream, record[_HEAD.size : _HEAD.size + length], Position(number, end))
        end -= whole


def _ends_whole(descriptor: int, size: int) -> bool:
    if size < _FRAME:
        return False
    whole = _TAIL.unpack(os.pread(descriptor, _TAIL.size, size - _TAIL.size))[0]
    if not _FRAME <= whole <= size:
        return False
    return bool(_HEAD.unpack(os.pread(descriptor, _HEAD.size, size - whole))[2] + _FRAME == whole)


def _numbers(folder: int) -> list[int]:
    return [int(name) for name in os.listdir(folder) if name.isdigit()]


def _numbers_at(folder: Path) -> list[int]:
    try:
        return [int(path.name) for path in folder.iterdir() if path.name.isdigit()]
    except FileNotFoundError:
        return []


def _name(number: int) -> str:
    return f"{number:06}"
