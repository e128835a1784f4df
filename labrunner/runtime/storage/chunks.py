"""Bytes that come in pieces: read in order, and made by a thread while the ones before are used."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

from labrunner.runtime.storage.failures import bad_archive

#: The bytes of one piece.
PIECE = 1 << 20
_DEPTH = 8


def of_descriptor(descriptor: int) -> Iterator[bytes]:
    """A file or pipe in pieces, to its end. The descriptor stays open."""
    with io.BufferedReader(io.FileIO(descriptor, closefd=False), PIECE) as source:
        while piece := source.read(PIECE):
            yield piece


def write(descriptor: int, piece: bytes | memoryview) -> None:
    """Write all of a piece. OSError where the disk is full."""
    written = os.write(descriptor, piece)
    while written < len(piece):
        written += os.write(descriptor, memoryview(piece)[written:])


class Chunks:
    """Pieces, taken by count."""

    def __init__(self, pieces: Iterator[bytes | memoryview]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes, fewer only at the end."""
        end = self._at + count
        if end <= len(self._piece):
            taken = bytes(self._piece[self._at : end])
            self._at = end
            return taken
        parts = bytearray()
        while len(parts) < count and (part := self._some(count - len(parts))):
            parts += part
        return bytes(parts)

    def peek(self, count: int) -> bytes:
        """The next ``count`` bytes, which are still there afterwards; fewer only at the end."""
        if self._at + count > len(self._piece):
            rest = bytes(self._piece[self._at :])
            while len(rest) < count and (piece := next(self._pieces, b"")):
                rest += piece
            self._piece, self._at = memoryview(rest), 0
        return bytes(self._piece[self._at : self._at + count])

    def pieces(self, count: int) -> Iterator[memoryview]:
        """The next ``count`` bytes as they come. RuntimeFailure where the archive ends before."""
        while count:
            part = self._some(count)
            if not part:
                raise bad_archive(f"the archive ends {count} bytes before the end of an entry; it was cut off")
            count -= len(part)
            yield part

    def rest(self) -> Iterator[memoryview]:
        """All that is left."""
        while part := self._some(PIECE):
            yield part

    def _some(self, most: int) -> memoryview:
        if self._at == len(self._piece):
            self._piece, self._at = memoryview(next(self._pieces, b"")), 0
        part = self._piece[self._at : self._at + most]
        self._at += len(part)
        return part


class Ahead:
    """What an iterator yields, a few pieces ahead in a thread: hashing and decompressing go on while files are written.

    Close it; what the iterator raises is raised here.
    """

    def __init__(self, pieces: Iterator[bytes | memoryview]) -> None:
        # Not at the top: with ``threading`` in memory every fork of the zygote costs half a megabyte more.
        import queue  # noqa: PLC0415 - see above
        import threading  # noqa: PLC0415 - see above

        self._source = pieces
        self._ready: queue.SimpleQueue[bytes | memoryview | BaseException | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(_DEPTH)
        self._closed = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def __iter__(self) -> Iterator[bytes | memoryview]:
        while (piece := self._ready.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            self._room.release()
            yield piece

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._room.release()
        self._thread.join()

    def _run(self) -> None:
        try:
            for piece in self._source:
                self._room.acquire()
                if self._closed:
                    return
                self._ready.put(piece)
            self._ready.put(None)
        except BaseException as error:  # noqa: BLE001 - raised again where the pieces are used
            self._ready.put(error)
