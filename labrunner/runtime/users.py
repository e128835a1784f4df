"""Who a container's process is: Docker's spellings of a user, looked up in the container's own files.

The files belong to the image and are nobody's friend: they are opened below the root by descriptor, must be regular
and small, and never block (CVE-2024-9676). A number that setresuid(2) reads as "leave it as it is" is no user. The
supplementary groups are those of the files and no others (CVE-2023-25173), the main one first (CVE-2022-36109).
passwd(5), group(5).
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labrunner.runtime import syscalls
from labrunner.runtime.errors import Kind, RuntimeFailure

_PASSWD, _GROUP = "etc/passwd", "etc/group"
_MOST_BYTES = 1 << 20
_HIGHEST = (1 << 31) - 1
_NUMBER = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class User:
    """The numbers to run as. ``groups`` are for setgroups(2), ``gid`` the first; ``home`` is an absolute path."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of passwd."""

    name: str
    uid: int
    gid: int
    home: str


@dataclass(frozen=True, slots=True)
class _Group:
    """A line of group."""

    name: str
    gid: int
    members: tuple[str, ...]


def find(root: int, user: str, groups: Sequence[str] = ()) -> User:
    """The user that ``--user`` names, in the container whose root folder is the descriptor ``root``.

    ``user`` is empty (root), NAME, UID, NAME:GROUP, UID:GID, NAME:GID, UID:GROUP or :GROUP; ``groups`` are what
    ``--group-add`` adds, names or numbers. A number is a number, even where an entry has it for a name. RuntimeFailure
    (NO_SUCH_USER, NO_SUCH_GROUP) with Docker's words for a name that the container does not know and for a number that
    is none of a user's, and where the container's file cannot be read safely.
    """
    name, colon, group = user.partition(":")
    if ":" in group or (colon and not group):
        raise RuntimeFailure(Kind.NO_SUCH_USER, f"a user is NAME, UID, NAME:GROUP or UID:GID, not {user}")
    entry = _entry(root, name or "0")
    known = tuple(_groups(root)) if group or groups or entry.name else ()
    gid = _gid(known, group, f"unable to find group {group}") if group else entry.gid
    own = () if group else tuple(one.gid for one in known if entry.name in one.members)
    added = tuple(_gid(known, one, f"Unable to find group {one}") for one in groups)
    return User(entry.uid, gid, tuple(dict.fromkeys((gid, *own, *added))), entry.home)


def _entry(root: int, name: str) -> _Entry:
    """The first entry of that name or number; a number needs none."""
    uid = _number(name, Kind.NO_SUCH_USER)
    for entry in _entries(root):
        if entry.name == name if uid is None else entry.uid == uid:
            return entry
    if uid is None:
        raise RuntimeFailure(Kind.NO_SUCH_USER, f"unable to find user {name}: no matching entries in passwd file")
    return _Entry("", uid, 0, "/")


def _gid(groups: Sequence[_Group], name: str, unknown: str) -> int:
    gid = _number(name, Kind.NO_SUCH_GROUP)
    if gid is None:
        gid = next((group.gid for group in groups if group.name == name), None)
    if gid is None:
        raise RuntimeFailure(Kind.NO_SUCH_GROUP, f"{unknown}: no matching entries in group file")
    return gid


def _number(text: str, kind: Kind) -> int | None:
    """The number that the text is, None where it is a name."""
    if not _NUMBER.fullmatch(text):
        return None
    if not _is_id(text):
        raise RuntimeFailure(kind, f"uids and gids must be in range 0-{_HIGHEST}")
    return int(text)


def _is_id(text: str) -> bool:
    """Whether it is a number that a user or group may have; one of many digits is not worth its conversion."""
    return bool(_NUMBER.fullmatch(text)) and len(text) <= len(str(_HIGHEST)) + 1 and 0 <= int(text) <= _HIGHEST


def _entries(root: int) -> Iterator[_Entry]:
    """The lines of passwd that are one: name, password, uid, gid, comment, home, shell."""
    for line in _lines(root, _PASSWD, Kind.NO_SUCH_USER):
        match line.split(":"):
            case [name, _, uid, gid, *more] if name and _is_id(uid) and _is_id(gid):
                home = "".join(more[1:2])
                yield _Entry(name, int(uid), int(gid), home if home.startswith("/") else "/")


def _groups(root: int) -> Iterator[_Group]:
    """The lines of group that are one: name, password, gid, members."""
    for line in _lines(root, _GROUP, Kind.NO_SUCH_GROUP):
        match line.split(":"):
            case [name, _, gid, *more] if name and _is_id(gid):
                yield _Group(name, int(gid), tuple("".join(more[:1]).split(",")))


def _lines(root: int, path: str, kind: Kind) -> list[str]:
    """The lines of one of the container's files; none where there is no such file."""
    try:
        content = _content(root, path)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR}:
            return []
        says = f"the container's /{path} cannot be read: {os.strerror(error.errno or 0)}"
        raise RuntimeFailure(kind, says, errno=error.errno or 0) from error
    if content is None:
        raise RuntimeFailure(kind, f"the container's /{path} is to be a file, and it is something else")
    if len(content) > _MOST_BYTES:
        raise RuntimeFailure(kind, f"the container's /{path} is to have {_MOST_BYTES} bytes at most, and it has more")
    return [line for line in os.fsdecode(content).split("\n") if "\0" not in line]


def _content(root: int, path: str) -> bytes | None:
    """At most one byte more than the file may have; None where it is no regular file."""
    descriptor = syscalls.open_in_root(root, path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(_MOST_BYTES + 1)
    finally:
        os.close(descriptor)
