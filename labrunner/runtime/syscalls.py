"""Every system call that ``os`` lacks in Python 3.11, by ctypes.

Each function is one call, or one object that takes several; section 2 of the manual describes them. What fails raises
OSError: ``errno`` is the kernel's, ``filename`` says what was attempted. The numbers used here are the same on every
architecture, since their calls are of Linux 5.2 and later; Linux 5.12 has them all.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import c_char_p, c_int, c_long, c_uint, c_uint32, c_ulong, c_void_p
from typing import Any

# For unshare(2), setns(2).
CLONE_NEWNS = 0x20000
CLONE_NEWCGROUP = 0x2000000
CLONE_NEWUTS = 0x4000000
CLONE_NEWIPC = 0x8000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

# For mount(2), umount2(2).
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE, MS_SLAVE = 0x1000, 0x4000, 1 << 18, 1 << 19
MNT_DETACH = 2

# For fsmount(2), mount_setattr(2).
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC = 1, 2, 4, 8

# For prctl(2).
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_NAME = 1, 4, 8, 15
PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 22, 24, 36, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4

# For openat2(2).
RESOLVE_NO_XDEV, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_IN_ROOT = 0x01, 0x02, 0x04, 0x10

AT_FDCWD = -100  # the working directory, where a descriptor of a folder is expected

CLOSE_RANGE_CLOEXEC = 4

#: The type of /proc's file system (statfs(2)), by which a true one is told from what an image put there.
PROC_SUPER_MAGIC = 0x9FA0
SYSFS_MAGIC = 0x62656572

_AT_EMPTY_PATH, _AT_RECURSIVE = 0x1000, 0x8000
_OPEN_TREE_CLONE, _OPEN_TREE_CLOEXEC = 1, os.O_CLOEXEC
_MOVE_MOUNT_F_EMPTY_PATH, _MOVE_MOUNT_T_EMPTY_PATH = 0x04, 0x40
_FSOPEN_CLOEXEC, _FSMOUNT_CLOEXEC = 1, 1
_FSCONFIG_SET_FLAG, _FSCONFIG_SET_STRING, _FSCONFIG_CMD_CREATE = 0, 1, 6
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522

_OPEN_TREE, _MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT = 428, 429, 430, 431, 432
_CLOSE_RANGE, _OPENAT2, _MOUNT_SETATTR = 436, 437, 442

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = c_long
_libc.mount.argtypes = (c_char_p, c_char_p, c_char_p, c_ulong, c_char_p)
_libc.umount2.argtypes = (c_char_p, c_int)
_libc.pivot_root.argtypes = (c_char_p, c_char_p)
_libc.prctl.argtypes = (c_int, c_ulong, c_ulong, c_ulong, c_ulong)
_libc.setdomainname.argtypes = (c_char_p, ctypes.c_size_t)
_libc.fstatfs.argtypes = (c_int, c_void_p)


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("user_namespace", ctypes.c_uint64),
    )


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", c_char_p))


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", c_uint32), ("pid", c_int))


def _checked(result: int, attempted: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), attempted)
    return result


def _call(attempted: str, number: int, *arguments: Any) -> int:  # noqa: ANN401 - whatever the call takes
    return _checked(_libc.syscall(c_long(number), *arguments), attempted)


# --- namespaces -----------------------------------------------------------------------------------------------------


def unshare(flags: int) -> None:
    """Get new namespaces; a PID namespace holds for children only."""
    _checked(_libc.unshare(c_int(flags)), f"unshare {flags:#x}")


def setns(descriptor: int, flags: int) -> None:
    """Join the namespaces that a PID or namespace descriptor names."""
    _checked(_libc.setns(c_int(descriptor), c_int(flags)), f"setns {flags:#x}")


def set_domain_name(name: str) -> None:
    """Set the NIS domain name. setdomainname(2)."""
    content = name.encode()
    _checked(_libc.setdomainname(content, len(content)), f"setdomainname {name}")


# --- mounts ---------------------------------------------------------------------------------------------------------


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Mount in the old way, for what fsconfig(2) cannot say."""
    attempted = f"mount {kind or source or ''} on {target}"
    parts = [None if part is None else os.fsencode(part) for part in (source, target, kind, options)]
    _checked(_libc.mount(parts[0], parts[1], parts[2], flags, parts[3]), attempted)


def umount(target: str, flags: int) -> None:
    """Take away what is mounted at ``target``. umount2(2)."""
    _checked(_libc.umount2(os.fsencode(target), flags), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    """Make the mount ``new`` the root, and put the present one at ``old``."""
    _checked(_libc.pivot_root(os.fsencode(new), os.fsencode(old)), f"pivot_root {new}")


def new_mount(kind: str, options: tuple[tuple[str, str], ...] = (), attributes: int = 0) -> int:
    """A descriptor of a new file system that is mounted nowhere yet; an option without a value is a flag.

    fsopen(2), fsconfig(2), fsmount(2).
    """
    context = _call(f"fsopen {kind}", _FSOPEN, kind.encode(), c_uint(_FSOPEN_CLOEXEC))
    try:
        for key, value in (("source", kind), *options):
            command = _FSCONFIG_SET_STRING if value else _FSCONFIG_SET_FLAG
            text = value.encode() if value else None
            _call(
                f"{kind} with {key}={value}", _FSCONFIG, c_int(context), c_uint(command), key.encode(), text, c_int(0)
            )
        _call(f"make {kind}", _FSCONFIG, c_int(context), c_uint(_FSCONFIG_CMD_CREATE), None, None, c_int(0))
        return _call(f"mount {kind}", _FSMOUNT, c_int(context), c_uint(_FSMOUNT_CLOEXEC), c_uint(attributes))
    finally:
        os.close(context)


def copy_mount(directory: int, path: str, *, recursive: bool = False) -> int:
    """A descriptor of a bind mount of ``path`` that is mounted nowhere yet; an empty path is the descriptor itself.

    open_tree(2).
    """
    flags = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | (_AT_RECURSIVE if recursive else 0)
    flags |= 0 if path else _AT_EMPTY_PATH
    return _call(f"copy the mount of {path}", _OPEN_TREE, c_int(directory), os.fsencode(path), c_uint(flags))


def restrict_mount(descriptor: int, attributes: int, *, recursive: bool = False) -> None:
    """Add attributes to a mount, as read-only, and take none away. mount_setattr(2)."""
    flags = _AT_EMPTY_PATH | (_AT_RECURSIVE if recursive else 0)
    change = _MountAttributes(set=attributes)
    size = ctypes.c_size_t(ctypes.sizeof(change))
    _call("restrict a mount", _MOUNT_SETATTR, c_int(descriptor), b"", c_uint(flags), ctypes.byref(change), size)


def place_mount(descriptor: int, target: int) -> None:
    """Mount what the descriptor holds where ``target`` is open. move_mount(2)."""
    flags = _MOVE_MOUNT_F_EMPTY_PATH | _MOVE_MOUNT_T_EMPTY_PATH
    _call("place a mount", _MOVE_MOUNT, c_int(descriptor), b"", c_int(target), b"", c_uint(flags))


# --- files ----------------------------------------------------------------------------------------------------------


def open_in_root(root: int, path: str | bytes, flags: int, *, mode: int = 0, resolve: int = 0) -> int:
    """Open ``path`` as if the folder ``root`` were the root: no link and no ``..`` leads out. openat2(2)."""
    how = _OpenHow(flags | os.O_CLOEXEC, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve)
    size = ctypes.c_size_t(ctypes.sizeof(how))
    return _call(f"open {os.fsdecode(path)}", _OPENAT2, c_int(root), os.fsencode(path), ctypes.byref(how), size)


def file_system_type(descriptor: int) -> int:
    """The magic number of the file system that an open file is on. fstatfs(2)."""
    space = ctypes.create_string_buffer(256)  # struct statfs has 120 bytes; its first field is a long
    _checked(_libc.fstatfs(descriptor, space), "fstatfs")
    return c_long.from_buffer(space).value


def close_on_exec(first: int) -> None:
    """Let every descriptor from ``first`` on be closed on exec. close_range(2)."""
    last = c_uint(0xFFFFFFFF)
    _call("close_range", _CLOSE_RANGE, c_uint(first), last, c_uint(CLOSE_RANGE_CLOEXEC))


# --- what a process may do ------------------------------------------------------------------------------------------


def prctl(option: int, first: int = 0, second: int = 0) -> int:
    """Ask or tell the kernel something about this process."""
    return _checked(_libc.prctl(option, first, second, 0, 0), f"prctl {option}")


def name_process(name: str) -> None:
    """Set the name that ps(1) shows, of which the kernel keeps 15 bytes."""
    content = ctypes.create_string_buffer(name.encode())
    prctl(PR_SET_NAME, ctypes.addressof(content))


def install_filter(program: bytes) -> None:
    """Let a filter, an array of ``struct sock_filter``, judge every later system call. seccomp(2)."""
    content = _FilterProgram(len(program) // 8, program)
    _checked(_libc.prctl(PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(content), 0, 0), "install a filter")


def capget() -> tuple[int, int, int]:
    """This process's effective, permitted and inheritable capabilities, as bits."""
    header, words = _CapabilityHeader(_CAPABILITY_VERSION_3, 0), (c_uint32 * 6)()
    _checked(_libc.capget(ctypes.byref(header), words), "capget")
    effective, permitted, inheritable = (words[at] | words[at + 3] << 32 for at in range(3))
    return effective, permitted, inheritable


def capset(effective: int, permitted: int, inheritable: int) -> None:
    """Set this process's effective, permitted and inheritable capabilities, as bits."""
    header, words = _CapabilityHeader(_CAPABILITY_VERSION_3, 0), (c_uint32 * 6)()
    for at, bits in enumerate((effective, permitted, inheritable)):
        words[at], words[at + 3] = bits & 0xFFFFFFFF, bits >> 32
    _checked(_libc.capset(ctypes.byref(header), words), "capset")
