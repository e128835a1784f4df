"""Who a process is, across a restart of the daemon and of the machine: PID, start time and boot (proc(5))."""

from __future__ import annotations

from pathlib import Path

_START_TIME = 21 - 2  # field 22 of /proc/PID/stat, counted behind the name, which is the second and may hold anything


def boot_id() -> str:
    """A random number that the kernel draws at each boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None where there is none of that PID or it is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else int(fields[_START_TIME])


def is_alive(pid: int, started: int, boot: str) -> bool:
    """Whether that very process still runs."""
    return boot == boot_id() and start_time(pid) == started
