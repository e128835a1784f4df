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

OWNER = "user.labrunner.owner"
_NO_ATTRIBUTES = frozenset({errno.ENOTSUP, errno.EPERM})
_KEPT = ("user.", "security.capability", "system.posix_acl_")
_OWN = ("user.overlay.", "trusted.overlay.", "user.labrunner.")


class Ids:
    """Who we may be in this id mapping: ``initial`` the host's own, ``single`` one id only (user_namespaces(7))."""

    def __init__(self, mapping: str) -> None:
        ranges = [[int(number) for number in line.split()] for line in mapping.splitlines()]
        self.initial = ranges == [[0, 0, (1 << 32) - 1]]
        self.single = sum(count for _, _, count in ranges) == 1


@cache
def ids() -> Ids:
    """This process's."""
    return Ids(Path("/proc/self/uid_map").read_text(encoding="ascii"))


def prefix() -> str:
    """How the names of the overlay's attributes begin."""
    return "trusted.overlay." if ids().initial else "user.overlay."


def is_whiteout(status: os.stat_result) -> bool:
    """Whether a file hides the one below it."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def make_whiteout(folder: int, name: bytes) -> None:
    """Hide a name."""
    os.mknod(name, stat.S_IFCHR | 0o600, 0, dir_fd=folder)


def make_opaque(folder: int) -> None:
    """Hide all that lower layers have in a folder."""
    os.setxattr(folder, f"{prefix()}opaque", b"y")


def is_opaque(folder: int) -> bool:
    """Whether a folder hides all that lower layers have in it."""
    try:
        return os.getxattr(folder, f"{prefix()}opaque") == b"y"
    except OSError as error:
        if error.errno in {errno.ENODATA, errno.ENOTSUP}:
            return False
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


def owner(descriptor: int, status: os.stat_result) -> tuple[int, int]:
    """The owner of an open file or folder."""
    if ids().single:
        with contextlib.suppress(OSError, ValueError):
            uid, gid = os.getxattr(descriptor, OWNER).split(b":")
            return int(uid), int(gid)
    return status.st_uid, status.st_gid
