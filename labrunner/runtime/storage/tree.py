"""A folder as the root of paths: each is resolved inside it by the kernel (openat2(2)), whatever links lie in the way.

``..`` and absolute links end at the folder, as in a container's root; nothing leads out of it, and nobody's links are
followed for the last part of a path.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from labrunner.runtime import syscalls
from labrunner.runtime.storage.failures import bad_archive, shown, too_large
from labrunner.runtime.storage.limits import LIMITS

_RESOLVE = syscalls.RESOLVE_NO_XDEV
_FOLDER = os.O_PATH | os.O_DIRECTORY
#: Open folders that are remembered, since entries of one folder follow each other.
_REMEMBERED = 64


def parts(name: bytes) -> list[bytes]:
    """A name of an archive as its parts; none for the root. RuntimeFailure where ``..`` is one of them."""
    found = [part for part in name.split(b"/") if part not in (b"", b".")]
    if b".." in found:
        raise bad_archive(f"the entry {shown(name)} leads out of the archive's root")
    return found


class Tree:
    """An open folder. A context, which closes it."""

    def __init__(self, folder: Path) -> None:
        self.root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._open: dict[bytes, int] = {}
        self._made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.forget()
        os.close(self.root)

    def folder(self, path: list[bytes]) -> int:
        """A descriptor of a folder, made where it is missing; the tree closes it when others are asked for."""
        if not path:
            return self.root
        name = b"/".join(path)
        known = self._open.get(name)
        if known is not None:
            return known
        if len(self._open) >= _REMEMBERED:
            self.forget()
        self._open[name] = descriptor = self._opened(path)
        return descriptor

    def _opened(self, path: list[bytes]) -> int:
        depth = len(path)
        while depth:
            try:
                descriptor = syscalls.open_in_root(self.root, b"/".join(path[:depth]), _FOLDER, resolve=_RESOLVE)
                break
            except FileNotFoundError:
                depth -= 1
        else:
            descriptor = os.dup(self.root)
        for part in path[depth:]:
            parent = descriptor
            try:
                descriptor = self._made_below(parent, part)
            finally:
                os.close(parent)
        return descriptor

    def _made_below(self, parent: int, name: bytes) -> int:
        self._made += 1
        if self._made > LIMITS.entries:
            raise too_large(f"an archive may have {LIMITS.entries} folders, and this one has more")
        os.mkdir(name, 0o755, dir_fd=parent)
        return os.open(name, _FOLDER | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)

    @contextlib.contextmanager
    def existing(self, name: bytes) -> Iterator[int | None]:
        """A descriptor of a folder, for a moment; None where there is none."""
        try:
            descriptor = syscalls.open_in_root(
                self.root, name or b".", os.O_DIRECTORY | os.O_NOFOLLOW, resolve=_RESOLVE
            )
        except OSError:  # something else has taken its place, or that of a folder it is in
            yield None
            return
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def forget(self) -> None:
        """Remember no folder: call it when one was moved or removed."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()
