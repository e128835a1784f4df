"""What a container's process may do beyond an ordinary one: the five sets of capabilities(7).

Inheritable and ambient sets are always empty: an inheritable set that is not lets a program with file capabilities
gain what the process was not given (CVE-2022-24769).
"""

from __future__ import annotations

import errno
from collections.abc import Set as AbstractSet

from labrunner.runtime import syscalls
from labrunner.runtime.errors import Kind, RuntimeFailure

#: The names by number, without ``CAP_`` (linux/capability.h).
NAMES = (
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
)
_MOST = 64  # as many as the kernel has bits for
_NUMBERS = {name: number for number, name in enumerate(NAMES)}


def mask(names: AbstractSet[str]) -> int:
    """The names as the kernel's bits. RuntimeFailure for what is no name."""
    if unknown := sorted(names - _NUMBERS.keys()):
        raise RuntimeFailure(Kind.MISSING_FEATURE, f"a capability of Linux was expected, not {unknown[0]}")
    return sum(1 << _NUMBERS[name] for name in names)


def names(bits: int) -> frozenset[str]:
    """The kernel's bits as names; bits that have none are left out."""
    return frozenset(name for name, number in _NUMBERS.items() if bits >> number & 1)


def drop(asked: AbstractSet[str]) -> None:
    """Take from this process's bounding set what was not asked: no program it runs can ever gain that.

    Call it before the user id changes, since it needs SETPCAP. What was asked and this process lacks stays lacking.
    """
    wanted = mask(asked)
    for number in range(_MOST):
        if wanted >> number & 1:
            continue
        try:
            syscalls.prctl(syscalls.PR_CAPBSET_DROP, number)
        except OSError as error:
            if error.errno == errno.EINVAL:  # the kernel's last one was before
                return
            raise


def settle(asked: AbstractSet[str], uid: int) -> None:
    """Give this process the sets that its program starts with. Call it last, when the user id has changed.

    Root (``uid`` 0) gets what was asked and the process has; another user gets none, and what was asked stays in the
    bounding set, for programs with file capabilities. As Docker does since 20.10.14.
    """
    _, permitted, _ = syscalls.capget()
    kept = 0 if uid else mask(asked) & permitted
    syscalls.capset(kept, kept, 0)  # the ambient set goes with the inheritable one


def may_mount() -> bool:
    """Whether this process may mount where it is, without a user namespace of its own."""
    return bool(syscalls.capget()[0] >> _NUMBERS["SYS_ADMIN"] & 1)
