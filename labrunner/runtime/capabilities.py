"""What a container's process may do beyond an ordinary one: the five sets of capabilities(7).

Inheritable and ambient sets are always empty: an inheritable set that is not lets a program with file capabilities
gain what the process was not given (CVE-2022-24769).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

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
_NUMBERS = {name: number for number, name in enumerate(NAMES)}


@dataclass(frozen=True, slots=True)
class Sets:
    """The sets of a process, as names."""

    bounding: frozenset[str]
    permitted: frozenset[str]
    effective: frozenset[str]
    inheritable: frozenset[str] = frozenset()
    ambient: frozenset[str] = frozenset()


def mask(names: AbstractSet[str]) -> int:
    """The names as the kernel's bits. RuntimeFailure for one that is none."""
    return sum(1 << _NUMBERS[name] for name in names)


def names(bits: int) -> frozenset[str]:
    """The kernel's bits as names; bits that have none are left out."""
    return frozenset(name for name, number in _NUMBERS.items() if bits >> number & 1)


def drop(asked: AbstractSet[str]) -> None:
    """Take from this process's bounding set what was not asked, and keep the others over a change of the user id.

    Call it before the user id changes; it needs SETPCAP.
    """


def settle(asked: AbstractSet[str], uid: int) -> None:
    """Give this process the sets that its program starts with. Call it last, when the user id has changed.

    Root (``uid`` 0) gets what was asked and the process has; another user gets none, and what was asked stays in the
    bounding set, for programs with file capabilities. As Docker does since 20.10.14.
    """
