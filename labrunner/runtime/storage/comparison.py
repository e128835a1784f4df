"""What a container changed in a root that was copied from its layers, found by comparing both.

As Docker compares: a file's content is the same where its size and its time of change are.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence

from labrunner.runtime.storage import marks
from labrunner.runtime.storage.changes import Change
from labrunner.runtime.storage.walk import Found, names, open_below

_READ = os.O_RDONLY | os.O_DIRECTORY
#: A file as the layers have it, the top one first: the layer's open folder, and what it is there.
_Old = list[tuple[int, os.stat_result]]


def of_copy(copy: int, lowers: Sequence[int]) -> Iterator[Change]:
    """The changes in an open folder against its layers, open folders with the top one first."""
    told = {b""}
    for change in _bare(copy, lowers):
        yield from _folders_of(copy, change.path, told)
        if change.found and stat.S_ISDIR(change.found.status.st_mode):
            told.add(change.path)
        yield change


def _bare(copy: int, lowers: Sequence[int]) -> Iterator[Change]:
    """The changes, without the folders that they are in."""
    folders: list[tuple[bytes, Sequence[int]]] = [(b"", lowers)]
    while folders:
        path, layers = folders.pop()
        below = _below(path, layers)
        deeper: list[tuple[bytes, Sequence[int]]] = []
        folder = open_below(copy, path, _READ)
        try:
            for found in names(folder, path):
                old = below.pop(found.name, [])
                if not old or not _same(found, *old[0]):
                    yield Change(found.path, found)
                if stat.S_ISDIR(found.status.st_mode):
                    deeper.append((found.path, [layer for layer, status in old if stat.S_ISDIR(status.st_mode)]))
        finally:
            os.close(folder)
        for name in sorted(below):
            yield Change(path + b"/" + name if path else name, None)
        folders.extend(reversed(deeper))


def _below(path: bytes, layers: Sequence[int]) -> dict[bytes, _Old]:
    """What an overlay of the layers would show in a folder that all of them have."""
    found: dict[bytes, _Old] = {}
    ended: set[bytes] = set()
    for layer in layers:
        folder = open_below(layer, path, _READ)
        try:
            for item in names(folder, path):
                if item.name in ended:
                    continue
                if not marks.is_whiteout(item.status):
                    found.setdefault(item.name, []).append((layer, item.status))
                if not stat.S_ISDIR(item.status.st_mode):
                    ended.add(item.name)
            if marks.is_opaque(folder):
                break
        finally:
            os.close(folder)
    return found


def _folders_of(copy: int, path: bytes, told: set[bytes]) -> Iterator[Change]:
    """The folders that a change is in and nobody told of, since a layer has the attributes of all its folders."""
    parts = path.split(b"/")[:-1]
    for depth in range(len(parts)):
        inner = b"/".join(parts[: depth + 1])
        if inner not in told:
            told.add(inner)
            parent = open_below(copy, b"/".join(parts[:depth]), _READ)
            try:
                status = os.stat(parts[depth], dir_fd=parent, follow_symlinks=False)
                yield Change(inner, Found(inner, parent, parts[depth], status))
            finally:
                os.close(parent)


def _same(found: Found, layer: int, old: os.stat_result) -> bool:
    new = found.status
    if (new.st_mode, new.st_uid, new.st_gid, new.st_rdev) != (old.st_mode, old.st_uid, old.st_gid, old.st_rdev):
        return False
    if stat.S_ISREG(new.st_mode) and (new.st_size, new.st_mtime_ns) != (old.st_size, old.st_mtime_ns):
        return False
    folder = open_below(layer, found.path.rpartition(b"/")[0], _READ)
    try:
        if stat.S_ISLNK(new.st_mode):
            return os.readlink(found.name, dir_fd=found.parent) == os.readlink(found.name, dir_fd=folder)
        return marks.attributes_at(found.parent, found.name, new) == marks.attributes_at(folder, found.name, old)
    finally:
        os.close(folder)
