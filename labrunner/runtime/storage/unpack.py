"""A tar becomes a folder that an overlay can use as a layer, entry by entry, inside that folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from labrunner.runtime.storage import header, marks
from labrunner.runtime.storage.archive import Archive
from labrunner.runtime.storage.chunks import write
from labrunner.runtime.storage.failures import bad_archive, of_entry, shown
from labrunner.runtime.storage.header import Entry
from labrunner.runtime.storage.removal import remove_at
from labrunner.runtime.storage.tree import Tree, parts

_KINDS = {header.CHARACTER: stat.S_IFCHR, header.BLOCK_DEVICE: stat.S_IFBLK, header.FIFO: stat.S_IFIFO}
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def unpack(archive: Archive, folder: Path) -> int:
    """Unpack into an empty folder; the bytes of all files. RuntimeFailure where an entry is refused."""
    with Tree(folder) as tree:
        unpacker = _Unpacker(archive, tree)
        for entry in archive:
            try:
                unpacker.make(entry)
            except OSError as error:
                raise of_entry(entry.name, error) from error
        unpacker.finish()
        return unpacker.size


class _Unpacker:
    def __init__(self, archive: Archive, tree: Tree) -> None:
        self.size = 0
        self._archive = archive
        self._tree = tree
        self._times: dict[bytes, int] = {}  # of folders: what is made in them later changes theirs
        self._makers: dict[bytes, Callable[[Entry, int, bytes], None]] = {
            header.FILE: self._file,
            header.LINK: self._link,
            header.SYMLINK: self._symlink,
        }

    def make(self, entry: Entry) -> None:
        path = parts(entry.name)
        if path and path[-1].startswith(marks.WHITEOUT):
            self._whiteout(entry, path)
        elif entry.kind == header.FOLDER:
            self._folder(entry, path)
        elif not path:
            raise bad_archive(f"the archive's root is a folder, and the entry {shown(entry.name)} is none")
        else:
            maker = self._makers.get(entry.kind, self._special)
            parent = self._tree.folder(path[:-1])
            try:
                maker(entry, parent, path[-1])
            except FileExistsError:
                remove_at(parent, path[-1])
                self._tree.forget()
                maker(entry, self._tree.folder(path[:-1]), path[-1])

    def finish(self) -> None:
        """Set the times of the folders that are still there."""
        for name, mtime in self._times.items():
            with self._tree.existing(name) as descriptor:
                if descriptor is not None:
                    os.utime(descriptor, ns=(mtime, mtime))

    def _file(self, entry: Entry, parent: int, name: bytes) -> None:
        descriptor = os.open(name, _NEW, 0o600, dir_fd=parent)
        try:
            for piece in self._archive.content():
                write(descriptor, piece)
            _dress(descriptor, entry)
            os.utime(descriptor, ns=(entry.mtime, entry.mtime))
        finally:
            os.close(descriptor)
        self.size += entry.size

    def _folder(self, entry: Entry, path: list[bytes]) -> None:
        if path:
            parent = self._tree.folder(path[:-1])
            hidden, replaced = _make_folder(parent, path[-1])
            descriptor = os.open(path[-1], _FOLDER, dir_fd=parent)
            if replaced:
                self._tree.forget()  # it may have been a link, by which others were found
        else:
            hidden, descriptor = False, os.dup(self._tree.root)
        try:
            if hidden:
                marks.make_opaque(descriptor)
            _dress(descriptor, entry)
        finally:
            os.close(descriptor)
        self._times[b"/".join(path)] = entry.mtime

    def _link(self, entry: Entry, parent: int, name: bytes) -> None:
        target = parts(entry.link)
        if not target:
            raise bad_archive(f"the entry {shown(entry.name)} is a hard link to the archive's root")
        parent = os.dup(parent)  # the tree may close it when it opens the other one
        try:
            folder = self._tree.folder(target[:-1])
            os.link(target[-1], name, src_dir_fd=folder, dst_dir_fd=parent, follow_symlinks=False)
        finally:
            os.close(parent)

    def _symlink(self, entry: Entry, parent: int, name: bytes) -> None:
        os.symlink(entry.link, name, dir_fd=parent)
        self._dress_named(entry, parent, name)

    def _special(self, entry: Entry, parent: int, name: bytes) -> None:
        """A FIFO or a device; in a user namespace there are no devices, as with Docker there."""
        if entry.kind != header.FIFO and not marks.ids().initial:
            return
        os.mknod(name, _KINDS[entry.kind] | 0o600, entry.device, dir_fd=parent)
        os.chmod(name, entry.mode, dir_fd=parent)
        self._dress_named(entry, parent, name)

    def _dress_named(self, entry: Entry, parent: int, name: bytes) -> None:
        """What is never opened gets its owner and time by its name: we are the only one here."""
        if not marks.ids().single:
            os.chown(name, entry.uid, entry.gid, dir_fd=parent, follow_symlinks=False)
        os.utime(name, ns=(entry.mtime, entry.mtime), dir_fd=parent, follow_symlinks=False)

    def _whiteout(self, entry: Entry, path: list[bytes]) -> None:
        name = path[-1]
        if name == marks.OPAQUE:
            self._hide_all(entry, path[:-1])
            return
        if name.startswith(marks.AUFS):
            return
        hidden = name.removeprefix(marks.WHITEOUT)
        if hidden in {b"", b".", b".."}:
            raise bad_archive(f"the entry {shown(entry.name)} hides a folder from within")
        parent = self._tree.folder(path[:-1])
        try:
            marks.make_whiteout(parent, hidden)
        except FileExistsError:  # this layer has it, and hides what lower ones have in it
            if stat.S_ISDIR(os.stat(hidden, dir_fd=parent, follow_symlinks=False).st_mode):
                self._hide_all(entry, [*path[:-1], hidden])

    def _hide_all(self, entry: Entry, path: list[bytes]) -> None:
        if not path:
            raise bad_archive(f"the entry {shown(entry.name)} hides the root, which an overlay cannot")
        descriptor = os.open(path[-1], _FOLDER, dir_fd=self._parent_of(path))
        try:
            marks.make_opaque(descriptor)
        finally:
            os.close(descriptor)

    def _parent_of(self, path: list[bytes]) -> int:
        self._tree.folder(path)  # it may be missing: its own entry may come later
        return self._tree.folder(path[:-1])


def _make_folder(parent: int, name: bytes) -> tuple[bool, bool]:
    """Make a folder, or keep the one that is there; whether it took the place of a whiteout, and of anything."""
    try:
        os.mkdir(name, 0o700, dir_fd=parent)
    except FileExistsError:
        found = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode):
            return False, False
        os.unlink(name, dir_fd=parent)
        os.mkdir(name, 0o700, dir_fd=parent)
        return marks.is_whiteout(found), True
    return False, False


def _dress(descriptor: int, entry: Entry) -> None:
    """Owner, mode and attributes, in this order: a new owner takes set-uid bits and capabilities away."""
    marks.own(descriptor, entry.uid, entry.gid)
    os.fchmod(descriptor, entry.mode)
    for name, value in entry.xattrs:
        if marks.kept(name):
            marks.set_attribute(descriptor, name, value)
