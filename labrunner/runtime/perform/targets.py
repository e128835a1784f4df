"""Find and make what a path in the container names, below its root whatever links an image has put there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from labrunner.runtime import syscalls

_MOST_LINKS = 40  # as the kernel follows (path_resolution(7))


@contextmanager
def opened(root: int, target: str, flags: int = os.O_PATH) -> Iterator[int]:
    """An open target, which has to be there."""
    descriptor = syscalls.open_in_root(root, target, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def made(root: int, target: str, *, folder: bool, mode: int = 0o755) -> Iterator[int]:
    """An open target, made with the folders above it where it is missing; a file is made empty."""
    parts = [part for part in target.split("/") if part not in {"", "."}]
    for _ in range(_MOST_LINKS):
        moved = _make(root, parts, folder=folder, mode=mode)
        if moved is None:
            break
        parts = moved
    with opened(root, "/".join(parts) or "/") as descriptor:
        yield descriptor


def _make(root: int, parts: list[str], *, folder: bool, mode: int) -> list[str] | None:
    """Make what is missing; the parts of another path where a link leads to what is missing."""
    for count in range(1, len(parts) + 1):
        path = "/".join(parts[:count])
        with suppress(FileNotFoundError):
            os.close(syscalls.open_in_root(root, path, os.O_PATH))
            continue
        with opened(root, "/".join(parts[: count - 1]) or "/", os.O_PATH | os.O_DIRECTORY) as parent:
            name = parts[count - 1]
            try:
                if count < len(parts) or folder:
                    os.mkdir(name, mode, dir_fd=parent)
                else:
                    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
                    os.close(os.open(name, flags, 0o644, dir_fd=parent))
            except FileExistsError:  # a link to nothing
                content = os.readlink(name, dir_fd=parent)
                above = [] if content.startswith("/") else parts[: count - 1]
                return [*above, *(part for part in content.split("/") if part not in {"", "."}), *parts[count:]]
    return None


def is_folder(descriptor: int) -> bool:
    """Whether an open file is a folder."""
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def is_folder_at(path: str) -> bool:
    """Whether a path that the kernel may follow anywhere, since the root was entered, is a folder."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - pathlib is not needed behind a fork
    except OSError:
        return False


def require_type(descriptor: int, *types: int) -> None:
    """OSError where an open file is on another file system than these, by their magic numbers (CVE-2025-52881)."""
    found = syscalls.file_system_type(descriptor)
    if found not in types:
        raise OSError(0, f"a kernel's file system was expected there, not {found:#x}")
