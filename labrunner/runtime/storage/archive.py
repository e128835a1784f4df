"""A tar's entries in order, with their extensions applied and within the limits; in one pass, from any pieces."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from labrunner.runtime.storage import header
from labrunner.runtime.storage.chunks import Chunks
from labrunner.runtime.storage.failures import bad_archive, shown, too_large
from labrunner.runtime.storage.header import BLOCK, EMPTY, Entry, Header
from labrunner.runtime.storage.limits import LIMITS, Limits

_PAX, _PAX_GLOBAL, _GNU_NAME, _GNU_LINK = b"x", b"g", b"L", b"K"
_KNOWN = EMPTY | {header.FILE}
_XATTR = "SCHILY.xattr."
_SPARSE = "GNU.sparse."
_TIME = re.compile(rb"(-?)(\d{1,12})(?:\.(\d*))?")
_SECOND = 1_000_000_000
_LAST = 1 << 33  # seconds: the year 2242; what is later or before 1970 becomes 1970, as Docker has it
_IDS, _MAJORS, _MINORS = (1 << 32) - 1, 1 << 12, 1 << 20  # makedev(3)


class Archive:
    """A tar. Take an entry's ``content`` before the next entry, or leave it: what is left is passed over."""

    def __init__(self, chunks: Chunks, limits: Limits = LIMITS) -> None:
        self._chunks = chunks
        self._limits = limits
        self._global: dict[str, bytes] = {}
        self._left = 0
        self._padding = 0
        self._entries = self._names = self._size = 0

    def __iter__(self) -> Iterator[Entry]:
        while (entry := self._next()) is not None:
            self._count(entry)
            self._left, self._padding = entry.size, -entry.size % BLOCK
            yield entry

    def content(self) -> Iterator[memoryview]:
        """The present entry's content. RuntimeFailure where the archive ends before."""
        for piece in self._chunks.pieces(self._left):
            self._left -= len(piece)
            yield piece

    def _next(self) -> Entry | None:
        pax, name, link = self._global, b"", b""
        while (found := self._header()) is not None:
            if found.kind == _PAX:
                pax = self._global | header.records(self._extension(found))
            elif found.kind == _PAX_GLOBAL:
                self._global = self._global | header.records(self._extension(found))
                pax = self._global
            elif found.kind == _GNU_NAME:
                name = self._extension(found).partition(b"\0")[0]
            elif found.kind == _GNU_LINK:
                link = self._extension(found).partition(b"\0")[0]
            else:
                return _entry(found, pax, name, link)
        return None

    def _header(self) -> Header | None:
        """The next header; None at two blocks of zeros, or where the archive ends between entries."""
        for _ in self._chunks.pieces(self._left + self._padding):
            pass
        self._left = self._padding = 0
        for _ in range(2):
            block = self._chunks.take(BLOCK)
            if not block:
                return None
            if len(block) < BLOCK:
                raise bad_archive("a tar header was expected, and the archive ends in it; it was cut off")
            if block[0] or block.strip(b"\0"):
                return header.read(block)
        return None

    def _extension(self, found: Header) -> bytes:
        if found.size > self._limits.extensions:
            raise too_large(
                f"an entry's name and attributes may have {self._limits.extensions} bytes, not {found.size}"
            )
        content = b"".join(self._chunks.pieces(found.size))
        self._padding = -found.size % BLOCK
        return content

    def _count(self, entry: Entry) -> None:
        limits = self._limits
        self._entries += 1
        self._names += len(entry.name) + len(entry.link)
        self._size += entry.size
        if self._entries > limits.entries:
            raise too_large(f"an archive may have {limits.entries} entries, and this one has more")
        if len(entry.name) > limits.name or len(entry.link) > limits.name:
            raise too_large(f"a name may have {limits.name} bytes, not {max(len(entry.name), len(entry.link))}")
        if self._names > limits.names:
            raise too_large(f"an archive's names may have {limits.names} bytes, and this one's have more")
        if self._size > limits.size:
            raise too_large(f"an archive's files may have {limits.size} bytes, and this one's have more")


def _entry(found: Header, pax: dict[str, bytes], gnu_name: bytes, gnu_link: bytes) -> Entry:
    name = pax.get("path") or gnu_name or found.name
    if found.kind not in _KNOWN or any(key.startswith(_SPARSE) for key in pax):
        kind = "sparse" if found.kind in b"0S" else f"of type {shown(found.kind)}"
        raise bad_archive(f"the entry {shown(name)} is {kind}, which no layer has; write the archive without --sparse")
    link = pax.get("linkpath") or gnu_link or found.link
    if b"\0" in name or b"\0" in link:
        raise bad_archive(f"the entry {shown(name)} has a zero byte in its name")
    size = _integer(pax["size"]) if "size" in pax else found.size
    uid = _integer(pax["uid"]) if "uid" in pax else found.uid
    gid = _integer(pax["gid"]) if "gid" in pax else found.gid
    if not (0 <= uid < _IDS and 0 <= gid < _IDS and 0 <= found.major < _MAJORS and 0 <= found.minor < _MINORS):
        raise bad_archive(f"the entry {shown(name)} has an owner or a device number that Linux does not have")
    return Entry(
        name=name,
        kind=header.FOLDER if found.kind == header.FILE and name.endswith(b"/") else found.kind,
        link=link,
        size=0 if found.kind in EMPTY else size,
        mode=found.mode,
        uid=uid,
        gid=gid,
        mtime=_time(pax["mtime"]) if "mtime" in pax else _within(found.mtime) * _SECOND,
        device=os.makedev(found.major, found.minor) if found.major or found.minor else 0,
        xattrs=tuple((key[len(_XATTR) :], value) for key, value in pax.items() if key.startswith(_XATTR)),
    )


def _integer(value: bytes) -> int:
    if not value.isdigit() or len(value) > len(str(1 << 63)):
        raise bad_archive(f"a number was expected in a PAX header, not {shown(value)}")
    return int(value)


def _time(value: bytes) -> int:
    """Nanoseconds of a PAX time: seconds, with any number of digits behind the point."""
    match = _TIME.fullmatch(value)
    if not match:
        raise bad_archive(f"a time was expected in a PAX header, not {shown(value)}")
    sign, seconds, fraction = match.groups(default=b"")
    if sign or int(seconds) >= _LAST:
        return 0
    return int(seconds) * _SECOND + int(fraction[:9].ljust(9, b"0"))


def _within(seconds: int) -> int:
    return seconds if 0 <= seconds < _LAST else 0
