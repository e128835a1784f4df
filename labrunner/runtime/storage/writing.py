"""Writing a tar: an entry's header as bytes, in ustar where that is enough, else behind a PAX header (POSIX pax)."""

from __future__ import annotations

import os
import struct

from labrunner.runtime.storage import header
from labrunner.runtime.storage.header import BLOCK, Entry

#: What ends a tar.
END = bytes(2 * BLOCK)
_FIELDS = struct.Struct("100s8s8s8s12s12s8s1s100s8s64x8s8s155s12x")
_NAME, _PREFIX, _SMALL, _LARGE = 100, 155, 8**7, 8**11
_SECOND = 1_000_000_000


def head(entry: Entry) -> bytes:
    """The blocks before an entry's content. Times are kept to the nanosecond."""
    records = {f"SCHILY.xattr.{name}": value for name, value in sorted(entry.xattrs)}
    name, prefix = _split(entry.name)
    if len(name) > _NAME:
        records["path"], name = entry.name, entry.name[:_NAME]
    if len(entry.link) > _NAME:
        records["linkpath"] = entry.link
    for key, value, limit in (("uid", entry.uid, _SMALL), ("gid", entry.gid, _SMALL), ("size", entry.size, _LARGE)):
        if value >= limit:
            records[key] = b"%d" % value
    if entry.mtime % _SECOND:
        records["mtime"] = b"%d.%09d" % divmod(entry.mtime, _SECOND)
    own = _ustar(entry, name, prefix)
    return _pax(records, entry) + own if records else own


def padding(size: int) -> bytes:
    """What follows a content of ``size`` bytes."""
    return bytes(-size % BLOCK)


def _ustar(entry: Entry, name: bytes, prefix: bytes) -> bytes:
    uid, gid = (number if number < _SMALL else 0 for number in (entry.uid, entry.gid))
    size = entry.size if entry.size < _LARGE else 0
    device = entry.kind in {header.CHARACTER, header.BLOCK_DEVICE}
    fields = (
        name,
        b"%07o" % entry.mode,
        b"%07o" % uid,
        b"%07o" % gid,
        b"%011o" % size,
        b"%011o" % max(0, entry.mtime // _SECOND),
        b" " * 8,
        entry.kind,
        entry.link[:_NAME],
        b"ustar\x0000",
        b"%07o" % (os.major(entry.device) if device else 0),
        b"%07o" % (os.minor(entry.device) if device else 0),
        prefix,
    )
    block = _FIELDS.pack(*fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _pax(records: dict[str, bytes], entry: Entry) -> bytes:
    content = b"".join(_record(key.encode(errors="surrogateescape"), value) for key, value in records.items())
    name = (b"PaxHeaders.0/" + entry.name.rstrip(b"/").rpartition(b"/")[2])[:_NAME]
    own = Entry(name=name, kind=b"x", size=len(content), mtime=entry.mtime // _SECOND * _SECOND)
    return _ustar(own, name, b"") + content + padding(len(content))


def _record(key: bytes, value: bytes) -> bytes:
    """``LENGTH KEY=VALUE``; the length counts its own digits."""
    length = bare = len(key) + len(value) + 3
    while length != bare + len(str(length)):
        length = bare + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _split(name: bytes) -> tuple[bytes, bytes]:
    """A name and its prefix, parted at a slash; the whole name where that cannot be."""
    if len(name) <= _NAME:
        return name, b""
    slash = name.find(b"/", len(name) - _NAME - 1, -1)
    if 0 < slash <= _PREFIX:
        return name[slash + 1 :], name[:slash]
    return name, b""
