"""What a container wrote becomes a layer, as a blob and unpacked."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from labrunner.runtime.spec import Rootfs
from labrunner.runtime.storage import tasks
from labrunner.runtime.storage.changes import Change, of_overlay
from labrunner.runtime.storage.comparison import of_copy
from labrunner.runtime.storage.layering import MadeLayer
from labrunner.runtime.storage.pack import packed
from labrunner.runtime.storage.scratch import Scratch

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def commit(arguments: tasks.Commit, _descriptors: Sequence[int]) -> tasks.Layer:
    """Make a layer of what differs from the layers below."""
    with Scratch(arguments.data) as scratch, closing(_changes(arguments.rootfs)) as changes:
        return MadeLayer(scratch, packed(changes)).keep()


def _changes(rootfs: Rootfs) -> Generator[Change, None, None]:
    with ExitStack() as opened:
        upper = _opened(opened, Path(rootfs.upper))
        if rootfs.copied:
            yield from of_copy(upper, [_opened(opened, Path(rootfs.layers, lower)) for lower in rootfs.lowers])
        else:
            yield from of_overlay(upper)


def _opened(opened: ExitStack, folder: Path) -> int:
    descriptor = os.open(folder, _FOLDER)
    opened.callback(os.close, descriptor)
    return descriptor
