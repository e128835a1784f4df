"""Small file work on DATA: keep a configuration, remove what nobody names, measure what a container wrote."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.storage import tasks
from labrunner.runtime.storage.removal import remove_at
from labrunner.runtime.storage.scratch import Blob, Scratch
from labrunner.runtime.storage.walk import open_below, walk


def store_blob(arguments: tasks.StoreBlob, _descriptors: Sequence[int]) -> tasks.Stored:
    """Keep a configuration as a blob."""
    with Scratch(arguments.data) as scratch:
        return tasks.Stored(digest=keep(scratch, arguments.content.encode()))


def keep(scratch: Scratch, content: bytes) -> str:
    """Keep content as a blob; its digest."""
    blob = Blob(scratch.new())
    with closing(blob):
        for _ in blob.recorded(iter([content])):
            pass
    scratch.keep_blob(blob.path, blob.digest)
    return blob.digest


def remove(arguments: tasks.Remove, _descriptors: Sequence[int]) -> tasks.Nothing:
    """Remove files and folders below DATA, never through a link and never what is mounted."""
    data = Path(arguments.data)
    root = os.open(data, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in arguments.paths:
            path = data / name
            if path == data or not path.is_relative_to(data) or ".." in path.parts:
                raise RuntimeFailure(Kind.BROKEN, f"a path below {data} was expected, not {name}")
            _remove(root, path.relative_to(data))
    finally:
        os.close(root)
    return tasks.Nothing()


def _remove(root: int, path: Path) -> None:
    try:
        parent = open_below(root, os.fsencode(path.parent), os.O_PATH | os.O_DIRECTORY)
    except FileNotFoundError:
        return
    try:
        remove_at(parent, os.fsencode(path.name))
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno not in {errno.EXDEV, errno.EBUSY}:
            raise
        raise RuntimeFailure(
            Kind.BROKEN, f"{path} stays, since something is mounted there", errno=error.errno
        ) from error
    finally:
        os.close(parent)


def measure(arguments: tasks.Measure, _descriptors: Sequence[int]) -> tasks.Measured:
    """The bytes of a folder's files; those of several names count once."""
    size = 0
    linked: set[int] = set()
    root = os.open(arguments.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for found in walk(root):
            status = found.status
            if stat.S_ISREG(status.st_mode) and status.st_ino not in linked:
                size += status.st_size
                if status.st_nlink > 1:
                    linked.add(status.st_ino)
    finally:
        os.close(root)
    return tasks.Measured(size=size)
