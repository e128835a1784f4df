"""JSON objects, a line each, in a file that several processes append to at once and that may be cleared away."""

from __future__ import annotations

import fcntl
import json
import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from labrunner.model.errors import ToolError

Row = dict[str, Any]


class Rows:
    """The rows of one file, for one thread at a time. A line that a crash has torn is skipped."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._close: weakref.finalize[[int], Rows] | None = None
        self._open: int | None = None  # kept open, so that a new file cannot get its inode
        self._at = 0

    def new(self) -> tuple[bool, tuple[Row, ...]]:
        """The rows that anybody has written since the last look; and whether they are a new file's."""
        try:
            now = self.file.stat()
        except FileNotFoundError:
            self._begin_again(None)
            return True, ()
        anew = self._open is None or not os.path.samestat(os.fstat(self._open), now)
        if anew:
            self._begin_again(os.open(self.file, os.O_RDONLY | os.O_CLOEXEC))
        if self._open is None or now.st_size <= self._at:
            return anew, ()
        whole, newline, _ = os.pread(self._open, now.st_size - self._at, self._at).rpartition(b"\n")
        self._at += len(whole) + len(newline)
        return anew, tuple(_parsed(whole))

    def all(self) -> tuple[Row, ...]:
        """All rows, the oldest first."""
        return tuple(_parsed(self.file.read_bytes())) if self.file.exists() else ()

    def append(self, rows: Iterable[Row]) -> None:
        """Write rows at once and whole; they outlive this process."""
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
        with self._locked() as file:
            if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
                content = b"\n" + content
            file.write(content)

    def sync(self) -> None:
        """Bring what was written onto the disk. It takes a while beside others that write."""
        with self._writing(), self.file.open("rb") as file:
            os.fsync(file.fileno())

    def clear(self, unless: Callable[[Iterable[Row]], bool]) -> None:
        """Remove the file, unless its rows are still of use."""
        if not self.file.exists():
            return
        with self._locked():
            if not unless(_parsed(self.file.read_bytes())):
                self.file.unlink()

    def _begin_again(self, descriptor: int | None) -> None:
        if self._close is not None:
            self._close()
        self._open, self._at = descriptor, 0
        self._close = None if descriptor is None else weakref.finalize(self, os.close, descriptor)

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        """The file at its end, for this writer alone; not one that was cleared away while we waited for it."""
        with self._writing():
            self.file.parent.mkdir(parents=True, exist_ok=True)
            while True:
                with self.file.open("a+b", buffering=0) as file:
                    fcntl.flock(file, fcntl.LOCK_EX)
                    if self._is_current(file.fileno()):
                        file.seek(0, os.SEEK_END)
                        yield file
                        return

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.file.stat())
        except FileNotFoundError:
            return False

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unusable(self.file, error) from error


def unusable(file: Path, error: OSError) -> ToolError:
    """What is said where the ledger cannot be written."""
    return ToolError(
        f"the ledger {file} was to be written, and that failed: {error.strerror}",
        next="set XDG_STATE_HOME to a folder with room that you may write to",
    )


def _parsed(lines: bytes) -> Iterator[Row]:
    for line in lines.splitlines():
        with suppress(ValueError):
            yield json.loads(line)
