"""Removing trees by descriptor: never through a link, never into a mount, at any depth, in bounded memory."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from labrunner.runtime import syscalls

#: Deeper folders are moved up first, so that neither descriptors nor the stack grow with a container's own depth.
_DEPTH = 64
_RESOLVE = syscalls.RESOLVE_NO_SYMLINKS | syscalls.RESOLVE_NO_XDEV
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def remove_at(parent: int, name: bytes) -> None:
    """Remove a file or a folder and all below it. FileNotFoundError where there is none, OSError at a mount (EXDEV)."""
    try:
        os.unlink(name, dir_fd=parent)
    except IsADirectoryError:
        descriptor = _open(parent, name)
        try:
            empty(descriptor)
        finally:
            os.close(descriptor)
        os.rmdir(name, dir_fd=parent)


def empty(folder: int) -> None:
    """Remove all that is in an open folder."""
    while not _emptied(folder, folder, 0):
        pass


def _emptied(top: int, folder: int, depth: int) -> bool:
    """Remove what is in a folder; False where something was moved up to ``top``, which is to be emptied again."""
    whole = True
    with os.scandir(folder) as found:
        for item in found:
            name = os.fsencode(item.name)
            if not item.is_dir(follow_symlinks=False):
                os.unlink(name, dir_fd=folder)
            elif depth == _DEPTH:
                os.rename(name, os.urandom(8).hex(), src_dir_fd=folder, dst_dir_fd=top)
                whole = False
            else:
                whole = _without(top, folder, name, depth) and whole
    return whole


def _without(top: int, folder: int, name: bytes, depth: int) -> bool:
    descriptor = _open(folder, name)
    try:
        whole = _emptied(top, descriptor, depth + 1)
    finally:
        os.close(descriptor)
    os.rmdir(name, dir_fd=folder)
    return whole


def _open(parent: int, name: bytes) -> int:
    """Open a folder; an overlay's own work folder has mode 000, which root of a user namespace may not open."""
    try:
        return syscalls.open_in_root(parent, name, _FOLDER, resolve=_RESOLVE)
    except OSError as error:
        if error.errno != errno.EACCES:
            raise
        unread = syscalls.open_in_root(parent, name, _FOLDER | os.O_PATH, resolve=_RESOLVE)
        try:
            Path(f"/proc/self/fd/{unread}").chmod(0o700)
        finally:
            os.close(unread)
        return syscalls.open_in_root(parent, name, _FOLDER, resolve=_RESOLVE)
