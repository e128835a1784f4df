"""Every file below a folder, parents before children, names in the order of their bytes, without following a link.

Each folder is opened anew by its whole path, inside the folder and through no link, so that neither descriptors nor
the stack grow with the depth; a path of more than 4,095 bytes is refused by the kernel.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from labrunner.runtime import syscalls

#: A container that runs may take away what was there a moment ago.
_GONE = (FileNotFoundError, NotADirectoryError)
_RESOLVE = syscalls.RESOLVE_NO_SYMLINKS | syscalls.RESOLVE_NO_XDEV


class Found(NamedTuple):
    """A file: its path below the folder, the open folder it is in, its name there, and its status."""

    path: bytes
    parent: int
    name: bytes
    status: os.stat_result


def open_below(root: int, path: bytes, flags: int) -> int:
    """Open a path below a folder, through no link and into no mount."""
    return syscalls.open_in_root(root, path or b".", flags, resolve=_RESOLVE)


def walk(root: int) -> Iterator[Found]:
    """All that is below an open folder. ``parent`` is open until the next file is asked for."""
    folders = [b""]
    while folders:
        folder = folders.pop()
        try:
            descriptor = open_below(root, folder, os.O_RDONLY | os.O_DIRECTORY)
        except _GONE:
            continue
        try:
            below = []
            for found in names(descriptor, folder):
                yield found
                if stat.S_ISDIR(found.status.st_mode):
                    below.append(found.path)
            folders.extend(reversed(below))
        finally:
            os.close(descriptor)


def names(descriptor: int, folder: bytes) -> Iterator[Found]:
    """What is right in an open folder, whose path is ``folder``."""
    with os.scandir(descriptor) as items:
        found = sorted(os.fsencode(item.name) for item in items)
    for name in found:
        with contextlib.suppress(FileNotFoundError):
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            yield Found(folder + b"/" + name if folder else name, descriptor, name, status)
