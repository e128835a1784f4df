"""A tar header as bytes, both ways: ustar with PAX's and GNU's extensions (POSIX pax, tar(5) of libarchive)."""

from __future__ import annotations

import struct

import msgspec

from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.storage.failures import bad_archive, shown

BLOCK = 512
#: Type flags.
FILE, LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, FOLDER, FIFO = b"0", b"1", b"2", b"3", b"4", b"5", b"6"
#: Entries that have no content, whatever their size says, as Docker's own reader (Go's archive/tar) has it.
EMPTY = frozenset({LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, FOLDER, FIFO})
_FIELDS = struct.Struct("100s8s8s8s12s12s8s1s100s6s2s32s32s8s8s155s12x")
_CHECKSUM = slice(148, 156)
_MODE = 0o7777


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a tar. ``kind`` is its type flag; ``mtime`` in nanoseconds since 1970; names as they stand."""

    name: bytes
    kind: bytes = FILE
    link: bytes = b""
    size: int = 0
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    device: int = 0  # as makedev(3) makes it
    xattrs: tuple[tuple[str, bytes], ...] = ()


class Header(msgspec.Struct, frozen=True):
    """A header's fields, before extensions."""

    name: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int  # seconds
    kind: bytes
    link: bytes
    major: int
    minor: int


def read(block: bytes) -> Header:
    """The header in a block of 512 bytes. RuntimeFailure where it is none."""
    name, mode, uid, gid, size, mtime, checksum, kind, link, magic, _, _, _, major, minor, prefix = _FIELDS.unpack(
        block
    )
    if sum(block) - sum(block[_CHECKSUM]) + 8 * ord(" ") != _number(checksum):
        raise bad_archive("a tar header was expected, and its checksum is wrong; this is no tar, or a damaged one")
    name, prefix = name.partition(b"\0")[0], prefix.partition(b"\0")[0]
    if magic == b"ustar\0" and prefix:  # GNU tar ("ustar ") keeps times there
        name = prefix + b"/" + name
    if kind in b"\x007":
        kind = FOLDER if name.endswith(b"/") else FILE
    devices = kind in (CHARACTER, BLOCK_DEVICE)
    return Header(
        name,
        _number(mode) & _MODE,
        _number(uid),
        _number(gid),
        _size(_number(size), name),
        _number(mtime),
        kind,
        link.partition(b"\0")[0],
        _number(major) if devices else 0,
        _number(minor) if devices else 0,
    )


def is_header(block: bytes) -> bool:
    """Whether a tar may begin so: a header, or the zeros of an empty one."""
    if len(block) < BLOCK:
        return False
    if not block.strip(b"\0"):
        return True
    try:
        read(block)
    except RuntimeFailure:
        return False
    return True


def records(content: bytes) -> dict[str, bytes]:
    """The records ``LENGTH KEY=VALUE`` of a PAX header."""
    found = {}
    at = 0
    while at < len(content):
        digits, separator, _ = content[at : at + 20].partition(b" ")
        end = at + int(digits) if separator and digits.isdigit() else 0
        key, equals, value = content[at + len(digits) + 1 : end].partition(b"=")
        if not at < end <= len(content) or not equals or not value.endswith(b"\n"):
            raise bad_archive("a record of a PAX header was expected, and it is torn; the tar is damaged")
        found[key.decode(errors="surrogateescape")] = value[:-1]
        at = end
    return found


def _number(field: bytes) -> int:
    """Octal digits, or, where the first bit is set, a big-endian number of two's complement (GNU)."""
    try:
        return int(field[:-1], 8)  # as nearly every tar has it
    except ValueError:
        pass
    if field[0] & 0x80:
        sign = 1 << (8 * len(field) - 2)
        return (int.from_bytes(field, "big") & (2 * sign - 1) ^ sign) - sign
    digits = field.partition(b"\0")[0].strip(b" ") or b"0"
    if not digits.isdigit() or b"8" in digits or b"9" in digits:
        raise bad_archive("a tar header was expected, and a number in it is none; this is no tar, or a damaged one")
    return int(digits, 8)


def _size(size: int, name: bytes) -> int:
    if size < 0:
        raise bad_archive(f"the entry {shown(name)} has a size below zero")
    return size
