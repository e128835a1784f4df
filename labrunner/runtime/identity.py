"""Who a process is, across a restart of the daemon and of the machine: PID, start time and boot (proc(5))."""

from __future__ import annotations

import os

_START_TIME = 21 - 2  # field 22 of /proc/PID/stat, counted behind the name, which is the second and may hold anything


def boot_id() -> str:
    """A random number that the kernel draws at each boot."""
    return _read("/proc/sys/kernel/random/boot_id").decode().strip()


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None where there is none of that PID or it is a zombie."""
    try:
        stat = _read(f"/proc/{pid}/stat")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(b")")[2].split()
    return None if fields[0] in {b"Z", b"X"} else int(fields[_START_TIME])


def is_alive(pid: int, started: int, boot: str) -> bool:
    """Whether that very process still runs."""
    return boot == boot_id() and start_time(pid) == started


def _read(path: str) -> bytes:
    """A small file of /proc. By one read, not by pathlib, whose many parts a shim would copy into its memory."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)
