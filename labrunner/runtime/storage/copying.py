"""A root as a copy of its layers, where the host refuses an overlay: base first, each layer over those below.

Blocks are shared where the file system can (copy_file_range(2)), so that the copy costs neither time nor space.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from labrunner.runtime.storage import marks, tasks
from labrunner.runtime.storage.removal import empty, remove_at
from labrunner.runtime.storage.tree import Tree
from labrunner.runtime.storage.walk import Found, open_below, walk

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY
_PIECE = 1 << 30
#: Why blocks cannot be shared or copied inside the kernel: other file systems, other kernels.
_BY_HAND = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})


def copy_root(arguments: tasks.CopyRoot, _descriptors: Sequence[int]) -> tasks.Nothing:
    """Copy a root's layers into its upper folder, which is empty. After a failure it is empty again."""
    rootfs = arguments.rootfs
    with Tree(Path(rootfs.upper)) as tree:
        try:
            for lower in reversed(rootfs.lowers):
                _Copy(Path(rootfs.layers, lower), tree).make()
        except BaseException:
            empty(tree.root)
            raise
    return tasks.Nothing()


class _Copy:
    """One layer, laid over what is there."""

    def __init__(self, layer: Path, tree: Tree) -> None:
        self._layer = layer
        self._tree = tree
        self._linked: dict[int, bytes] = {}
        self._times: dict[bytes, int] = {}

    def make(self) -> None:
        root = os.open(self._layer, _FOLDER | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            marks.dress(self._tree.root, root)
            for found in walk(root):
                self._one(found)
            self._times[b""] = os.fstat(root).st_mtime_ns
        finally:
            os.close(root)
        for path, mtime in self._times.items():
            with self._tree.existing(path) as folder:
                if folder is not None:
                    os.utime(folder, ns=(mtime, mtime))

    def _one(self, found: Found) -> None:
        folder, _, name = found.path.rpartition(b"/")
        parent = self._tree.folder(folder.split(b"/") if folder else [])
        mode = found.status.st_mode
        if stat.S_ISDIR(mode):
            self._folder(found, parent, name)
            return
        try:
            remove_at(parent, name)
            self._tree.forget()
            parent = self._tree.folder(folder.split(b"/") if folder else [])
        except FileNotFoundError:
            pass
        if marks.is_whiteout(found.status):
            return
        first = found.path
        if found.status.st_nlink > 1:
            first = self._linked.setdefault(found.status.st_ino, found.path)
        if first != found.path:
            os.link(first, name, src_dir_fd=self._tree.root, dst_dir_fd=parent, follow_symlinks=False)
        elif stat.S_ISREG(mode):
            _file(found, parent, name)
        else:
            _special(found, parent, name)

    def _folder(self, found: Found, parent: int, name: bytes) -> None:
        source = open_below(found.parent, found.name, _FOLDER)
        try:
            try:
                os.mkdir(name, 0o700, dir_fd=parent)
            except FileExistsError:
                if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
                    os.unlink(name, dir_fd=parent)
                    os.mkdir(name, 0o700, dir_fd=parent)
            target = open_below(parent, name, _FOLDER)
            try:
                if marks.is_opaque(source):
                    empty(target)
                    self._tree.forget()
                marks.dress(target, source)
            finally:
                os.close(target)
        finally:
            os.close(source)
        self._times[found.path] = found.status.st_mtime_ns


def _file(found: Found, parent: int, name: bytes) -> None:
    source = open_below(found.parent, found.name, os.O_RDONLY)
    try:
        target = os.open(name, _NEW, 0o600, dir_fd=parent)
        try:
            _content(source, target)
            marks.dress(target, source)
            os.utime(target, ns=(found.status.st_mtime_ns, found.status.st_mtime_ns))
        finally:
            os.close(target)
    finally:
        os.close(source)


def _content(source: int, target: int) -> None:
    try:
        while os.copy_file_range(source, target, _PIECE):
            pass
    except OSError as error:
        if error.errno not in _BY_HAND:
            raise
        while os.sendfile(target, source, None, _PIECE):
            pass


def _special(found: Found, parent: int, name: bytes) -> None:
    """A symbolic link, a FIFO or a device, which are never opened."""
    status = found.status
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(found.name, dir_fd=found.parent), name, dir_fd=parent)
    else:
        os.mknod(name, status.st_mode, status.st_rdev, dir_fd=parent)
        os.chmod(name, stat.S_IMODE(status.st_mode), dir_fd=parent)
    os.chown(name, status.st_uid, status.st_gid, dir_fd=parent, follow_symlinks=False)
    os.utime(name, ns=(status.st_mtime_ns, status.st_mtime_ns), dir_fd=parent, follow_symlinks=False)
