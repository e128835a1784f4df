"""Decompression, in this process: an image's own ``xz`` is never run. Recognised by the first bytes."""

from __future__ import annotations

import bz2
import io
import lzma
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import IO, Protocol, cast

import zstandard
from isal import igzip_lib

from labrunner.runtime.storage.chunks import PIECE
from labrunner.runtime.storage.failures import bad_archive

#: xz -9 needs 65 MB.
_XZ_MEMORY = 256 << 20
#: How many bytes ``of`` has to see.
HEAD = 6


class Compression(StrEnum):
    """How a tar is compressed, as the end of its media type."""

    NONE = "tar"
    GZIP = "tar+gzip"
    ZSTD = "tar+zstd"
    BZIP2 = "tar+bzip2"
    XZ = "tar+xz"


#: RFC 1952, RFC 8878, bzip2's and xz's own formats.
_MAGIC = (
    (b"\x1f\x8b\x08", Compression.GZIP),
    (b"\x28\xb5\x2f\xfd", Compression.ZSTD),
    (b"BZh", Compression.BZIP2),
    (b"\xfd7zXZ\x00", Compression.XZ),
)
_DAMAGED: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    lzma.LZMAError,
    cast("type[Exception]", igzip_lib.IsalError),
)


class _Decompressor(Protocol):
    """What bz2, lzma and isal share; the most bytes of one answer are bounded, which is what a bomb is stopped by."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


_DECOMPRESSORS: dict[Compression, Callable[[], _Decompressor]] = {
    Compression.GZIP: lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP),
    Compression.BZIP2: bz2.BZ2Decompressor,
    Compression.XZ: lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY),
}


def of(head: bytes) -> Compression:
    """How what begins so is compressed."""
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), Compression.NONE)


def decompressed(pieces: Iterator[bytes | memoryview], kind: Compression) -> Iterator[bytes | memoryview]:
    """The pieces of what was compressed. RuntimeFailure where it is damaged or ends early."""
    if kind is Compression.NONE:
        return pieces
    return _zstd(pieces) if kind is Compression.ZSTD else _members(pieces, kind)


def _members(pieces: Iterator[bytes | memoryview], kind: Compression) -> Iterator[bytes]:
    """One stream after another, as ``pigz`` and ``cat a.gz b.gz`` make them; zeros may follow."""
    decompressor = _DECOMPRESSORS[kind]()
    for piece in pieces:
        data = bytes(piece)
        while data:
            if decompressor.eof:
                data = data.lstrip(b"\0")
                decompressor = _DECOMPRESSORS[kind]() if data else decompressor
            yield from _drained(decompressor, data, kind)
            data = decompressor.unused_data if decompressor.eof else b""
    if not decompressor.eof:
        raise bad_archive(f"the archive's compression ({kind}) ends early; it was cut off")


def _drained(decompressor: _Decompressor, data: bytes, kind: Compression) -> Iterator[bytes]:
    """What comes out for these bytes, until more are wanted."""
    while data or not (decompressor.needs_input or decompressor.eof):
        try:
            piece = decompressor.decompress(data, PIECE)
        except _DAMAGED as error:
            raise bad_archive(f"the archive's compression ({kind}) is damaged: {error}") from error
        data = b""
        if piece:
            yield piece


def _zstd(pieces: Iterator[bytes | memoryview]) -> Iterator[bytes]:
    source = cast("IO[bytes]", _Pulled(pieces))
    with zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True) as reader:
        while True:
            try:
                piece = reader.read(PIECE)
            except zstandard.ZstdError as error:
                raise bad_archive(f"the archive's compression ({Compression.ZSTD}) is damaged: {error}") from error
            if not piece:
                return
            yield piece


class _Pulled(io.RawIOBase):
    """An iterator as a file."""

    def __init__(self, pieces: Iterator[bytes | memoryview]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # what zstandard gives
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
