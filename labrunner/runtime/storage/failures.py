"""The failures of file work, in one sentence each."""

from __future__ import annotations

import errno
import os

from labrunner.runtime.errors import Kind, RuntimeFailure

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SHOWN = 100


def bad_archive(says: str) -> RuntimeFailure:
    """The archive is none, or is broken, or wants what is refused."""
    return RuntimeFailure(Kind.BAD_ARCHIVE, says)


def too_large(says: str) -> RuntimeFailure:
    """More than ``limits`` allow."""
    return RuntimeFailure(Kind.TOO_LARGE, says)


def of_entry(name: bytes, error: OSError) -> RuntimeFailure:
    """An entry that the file system refuses."""
    if error.errno in _FULL:
        return disk_full(error)
    return RuntimeFailure(
        Kind.BAD_ARCHIVE, f"the entry {shown(name)} cannot be made: {reason(error)}", errno=error.errno or 0
    )


def of_files(error: OSError) -> RuntimeFailure:
    """Any other file work that failed."""
    if error.errno in _FULL:
        return disk_full(error)
    path = f"{error.filename!s}: " if error.filename is not None else ""
    return RuntimeFailure(Kind.BROKEN, f"{path}{reason(error)}", errno=error.errno or 0)


def disk_full(error: OSError) -> RuntimeFailure:
    """The file system is full; what was begun is removed by whoever began it."""
    return RuntimeFailure(
        Kind.DISK_FULL, "no space left on device; nothing was kept, remove images or containers", errno=error.errno or 0
    )


def reason(error: OSError) -> str:
    """The kernel's words as part of a sentence."""
    return os.strerror(error.errno).lower() if error.errno else str(error)


def shown(name: bytes) -> str:
    """A name from an archive, which may be long and hold anything."""
    text = name.decode(errors="backslashreplace")
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…").replace("'", '"')
