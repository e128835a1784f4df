"""Changes become a tar: a layer as every engine reads it, with whiteouts for what is gone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.storage import header, marks, writing
from labrunner.runtime.storage.changes import Change
from labrunner.runtime.storage.chunks import PIECE
from labrunner.runtime.storage.failures import shown
from labrunner.runtime.storage.header import Entry
from labrunner.runtime.storage.walk import Found, open_below

_KINDS = {
    stat.S_IFREG: header.FILE,
    stat.S_IFDIR: header.FOLDER,
    stat.S_IFLNK: header.SYMLINK,
    stat.S_IFCHR: header.CHARACTER,
    stat.S_IFBLK: header.BLOCK_DEVICE,
    stat.S_IFIFO: header.FIFO,
}
_SECOND = 1_000_000_000


def packed(changes: Iterable[Change]) -> Iterator[bytes]:
    """The tar in pieces. Sockets are left out and times are whole seconds, as Docker has it."""
    linked: dict[tuple[int, int], bytes] = {}
    buffer = bytearray()
    for change in changes:
        for piece in _entry(change, linked):
            buffer += piece
            if len(buffer) >= PIECE:
                yield bytes(buffer)
                buffer.clear()
    yield bytes(buffer) + writing.END


def _entry(change: Change, linked: dict[tuple[int, int], bytes]) -> Iterator[bytes]:
    if change.found is None:
        folder, slash, name = change.path.rpartition(b"/")
        yield writing.head(Entry(name=folder + slash + marks.WHITEOUT + name, mode=0))
        return
    found, status = change.found, change.found.status
    kind = _KINDS.get(stat.S_IFMT(status.st_mode))
    if kind is None:
        return
    if status.st_nlink > 1 and kind != header.FOLDER:
        first = linked.setdefault((status.st_dev, status.st_ino), found.path)
        if first != found.path:
            yield writing.head(_described(found, header.LINK, link=first))
            return
    if kind == header.FILE:
        yield from _file(found)
    elif kind == header.SYMLINK:
        yield writing.head(_described(found, kind, link=os.readlink(found.name, dir_fd=found.parent)))
    else:
        yield writing.head(_described(found, kind))
    if change.opaque:
        yield writing.head(Entry(name=found.path + b"/" + marks.OPAQUE, mode=0))


def _described(found: Found, kind: bytes, *, link: bytes = b"", size: int = 0) -> Entry:
    status = found.status
    uid, gid, xattrs = marks.attributes_at(found.parent, found.name, status)
    return Entry(
        name=found.path + b"/" if kind == header.FOLDER else found.path,
        kind=kind,
        link=link,
        size=size,
        mode=stat.S_IMODE(status.st_mode),
        uid=uid,
        gid=gid,
        mtime=status.st_mtime_ns // _SECOND * _SECOND,
        device=status.st_rdev,
        xattrs=xattrs,
    )


def _file(found: Found) -> Iterator[bytes]:
    """A file that may be written to meanwhile: as many bytes as its header says."""
    descriptor = open_below(found.parent, found.name, os.O_RDONLY | os.O_NONBLOCK)
    try:
        size = left = os.fstat(descriptor).st_size
        yield writing.head(_described(found, header.FILE, size=size))
        while left:
            piece = os.read(descriptor, min(PIECE, left))
            if not piece:
                raise RuntimeFailure(Kind.BROKEN, f"{shown(found.path)} became shorter while it was read; pause first")
            left -= len(piece)
            yield piece
        yield writing.padding(size)
    finally:
        os.close(descriptor)
