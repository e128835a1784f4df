"""What an overlay and we write on files: whiteouts, opaque folders, and owners that the host cannot keep.

The overlay's marks are the kernel's (Documentation/filesystems/overlayfs.rst); in a user namespace it reads those that
begin with ``user.``, and a whiteout, a device 0/0, may be made since Linux 5.8. Where only a single id is mapped
nobody else can own a file; the owner that an archive names is then kept in an attribute, which a copy-up takes along.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from functools import cache
from pathlib import Path

#: Whiteouts in an archive (OCI image layer specification, "Whiteouts"); other names that begin twice are AUFS's own.
WHITEOUT, OPAQUE, AUFS = b".wh.", b".wh..wh..opq", b".wh..wh."
#: The owner that an archive names, as ``UID:GID``.
OWNER = "user.labrunner.owner"
_NO_ATTRIBUTES = frozenset({errno.ENOTSUP, errno.EPERM})
_KEPT = ("user.", "security.capability", "system.posix_acl_")
_OWN = ("user.overlay.", "trusted.overlay.", "user.labrunner.")
#: A whiteout where there can be no such device: a socket without permissions, which no archive can hold.
_INSTEAD = stat.S_IFSOCK
#: An owner, a group, and attributes by name.
Attributes = tuple[int, int, tuple[tuple[str, bytes], ...]]


class Ids:
    """Who we may be in this id mapping: ``initial`` the host's own, ``single`` one id only (user_namespaces(7))."""

    def __init__(self, mapping: str) -> None:
        ranges = [[int(number) for number in line.split()] for line in mapping.splitlines()]
        self.initial = ranges == [[0, 0, (1 << 32) - 1]]
        self.single = sum(count for _, _, count in ranges) == 1


@cache
def ids() -> Ids:
    """This process's."""
    return Ids(Path("/proc/self/uid_map").read_text(encoding="utf-8"))


def prefix() -> str:
    """How the names of the overlay's attributes begin."""
    return "trusted.overlay." if ids().initial else "user.overlay."


def is_whiteout(status: os.stat_result) -> bool:
    """Whether a file hides the one below it."""
    return (stat.S_ISCHR(status.st_mode) and status.st_rdev == 0) or status.st_mode == _INSTEAD


def make_whiteout(folder: int, name: bytes) -> None:
    """Hide a name."""
    try:
        os.mknod(name, stat.S_IFCHR | 0o600, 0, dir_fd=folder)
    except PermissionError:  # on an overlay, on which no other one can be mounted: nobody but us reads it there
        os.mknod(name, _INSTEAD, dir_fd=folder)


def make_opaque(folder: int) -> None:
    """Hide all that lower layers have in a folder."""
    os.setxattr(folder, f"{prefix()}opaque", b"y")


def is_opaque(folder: int) -> bool:
    """Whether a folder hides all that lower layers have in it."""
    return _marked(folder, "opaque") == b"y"


def is_redirected(folder: int) -> bool:
    """Whether a folder stands for one of another name below: such mounts we do not make."""
    return _marked(folder, "redirect") is not None


def _marked(folder: int, mark: str) -> bytes | None:
    try:
        return os.getxattr(folder, prefix() + mark)
    except OSError as error:
        if error.errno in {errno.ENODATA, errno.ENOTSUP}:
            return None
        raise


def kept(name: str) -> bool:
    """Whether an attribute belongs to a layer: what the overlay and we read from a file is not an archive's to say."""
    return name.startswith(_KEPT) and not name.startswith(_OWN)


def set_attribute(descriptor: int, name: str, value: bytes) -> None:
    """Set an attribute of an open file or folder, where the file system and our rights allow it."""
    try:
        os.setxattr(descriptor, name, value)
    except OSError as error:
        if error.errno not in _NO_ATTRIBUTES:
            raise


def own(descriptor: int, uid: int, gid: int) -> None:
    """Make somebody the owner of an open file or folder."""
    if not ids().single:
        os.chown(descriptor, uid, gid)
    elif uid or gid:
        set_attribute(descriptor, OWNER, b"%d:%d" % (uid, gid))


def attributes_at(parent: int, name: bytes, status: os.stat_result) -> Attributes:
    """The owner and the attributes of a file in an open folder; what is never opened has an owner only."""
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        return status.st_uid, status.st_gid, ()
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    try:
        return _attributes(descriptor)
    finally:
        os.close(descriptor)


def dress(target: int, source: int) -> None:
    """Give an open file or folder the owner, mode and attributes of another one, in this order."""
    uid, gid, attributes = _attributes(source)
    own(target, uid, gid)
    os.fchmod(target, stat.S_IMODE(os.fstat(source).st_mode))
    for name, value in attributes:
        set_attribute(target, name, value)


def _attributes(descriptor: int) -> Attributes:
    status = os.fstat(descriptor)
    uid, gid = status.st_uid, status.st_gid
    try:
        names = sorted(os.listxattr(descriptor))
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        names = []
    if ids().single and OWNER in names:
        with contextlib.suppress(ValueError):
            uid, gid = (int(number) for number in os.getxattr(descriptor, OWNER).split(b":"))
    return uid, gid, tuple((name, os.getxattr(descriptor, name)) for name in names if kept(name))
