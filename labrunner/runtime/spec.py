"""What is to run: a container and a process in it, as frozen values that travel in messages and lie in no database.

All paths are absolute. Whatever Docker leaves to defaults has been decided by whoever makes these; nothing here is
looked up, so the plan that is made of them is pure.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

#: Docker's default capabilities (threats.md of the design; capabilities(7)), without the prefix ``CAP_``.
DEFAULT_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
#: What no container may read, as in Docker.
MASKED_PATHS = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
)
#: What no container may write, as in Docker.
READONLY_PATHS = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
#: What Docker sets in every network namespace.
DEFAULT_SYSCTLS = (
    ("net.ipv4.ip_unprivileged_port_start", "0"),
    ("net.ipv4.ping_group_range", "0 2147483647"),
)
#: How much of its output a container's log keeps: so many segments of so many bytes.
LOG_BYTES, LOG_SEGMENTS = 20 << 20, 5


class Network(StrEnum):
    """Which network namespace a container gets."""

    NONE = "none"  # its own, with a loopback device
    PRIVATE = "private"  # the default; as ``none`` until there are networks between containers
    HOST = "host"


class Seccomp(StrEnum):
    """Which filter of system calls holds."""

    DEFAULT = "default"
    UNCONFINED = "unconfined"


class _Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value that compares by content and is written as JSON."""


class Rlimit(_Value, frozen=True, kw_only=True):
    """A limit of setrlimit(2); ``name`` as in ``--ulimit``: nofile, nproc, core …; -1 is unlimited."""

    name: str
    soft: int
    hard: int


class Limits(_Value, frozen=True, kw_only=True):
    """What the container's cgroup allows; None leaves the kernel's default. Memory in bytes; CPU time in microseconds.

    ``memory_swap`` is memory and swap added up, -1 for no limit, as in Docker's API.
    """

    memory: int | None = None
    memory_swap: int | None = None
    pids: int | None = None
    cpu_quota: int | None = None
    cpu_period: int | None = None
    cpu_shares: int | None = None


class Bind(_Value, frozen=True, kw_only=True):
    """A file or folder of the host, seen at ``target`` in the container."""

    source: str
    target: str
    read_only: bool = False


class Tmpfs(_Value, frozen=True, kw_only=True):
    """A file system in memory at ``target``; ``options`` as in ``--tmpfs``: ``size=64m,mode=1777,noexec``."""

    target: str
    options: str = ""


class Rootfs(_Value, frozen=True, kw_only=True):
    """The container's root: layers below, the top one first, and what the container writes.

    ``lowers`` are names below ``layers`` (short, so that the overlay's options stay below a page); ``upper`` and
    ``work`` are absolute. Where ``copied`` the layers have been copied into ``upper``, which is then the root itself.
    """

    layers: str
    lowers: tuple[str, ...]
    upper: str
    work: str
    copied: bool = False


class Process(_Value, frozen=True, kw_only=True):
    """A process to start in a container, its first one or one of ``exec``.

    ``user`` is as Docker's API has it: empty, NAME, UID, NAME:GROUP, UID:GID …; it is looked up in the container's own
    /etc/passwd and /etc/group at the start. ``env`` is complete but for HOME, which comes from the user.
    """

    args: tuple[str, ...]
    env: tuple[str, ...] = ()
    cwd: str = "/"
    user: str = ""
    groups: tuple[str, ...] = ()
    tty: bool = False
    rows: int = 0
    columns: int = 0
    stdin: bool = False
    capabilities: frozenset[str] = DEFAULT_CAPABILITIES
    no_new_privileges: bool = False
    seccomp: Seccomp = Seccomp.DEFAULT
    rlimits: tuple[Rlimit, ...] = ()


class ContainerSpec(_Value, frozen=True, kw_only=True):
    """A container to run. ``folder`` is its run folder (``labrunner.runtime.folder``), which exists."""

    id: str
    folder: str
    rootfs: Rootfs
    process: Process
    hostname: str
    domainname: str = ""
    network: Network = Network.PRIVATE
    read_only: bool = False
    init: bool = False
    binds: tuple[Bind, ...] = ()
    tmpfs: tuple[Tmpfs, ...] = ()
    shm_bytes: int = 64 << 20
    limits: Limits = Limits()
    sysctls: tuple[tuple[str, str], ...] = DEFAULT_SYSCTLS
    masked: tuple[str, ...] = MASKED_PATHS
    readonly: tuple[str, ...] = READONLY_PATHS
    open_stdin: bool = False
    stdin_once: bool = False
    log_bytes: int = LOG_BYTES
    log_segments: int = LOG_SEGMENTS
