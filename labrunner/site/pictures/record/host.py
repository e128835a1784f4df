"""What the kernel of the engine's host says of processes, under ``/proc`` (proc(5))."""

from __future__ import annotations

import platform
import socket
from pathlib import Path

from labrunner.model.errors import ToolError

#: The namespaces as namespaces(7) has them, by their names under /proc/PID/ns.
KINDS = ("mnt", "pid", "net", "uts", "ipc", "user", "cgroup", "time")


def namespaces(pid: int | str) -> dict[str, int]:
    """The inode number of each namespace of a process; what the kernel is too old for is left out."""
    found = {}
    for kind in KINDS:
        link = Path("/proc", str(pid), "ns", kind)
        try:
            found[kind] = int(str(link.readlink()).partition("[")[2].rstrip("]"))
        except FileNotFoundError:
            continue
        except PermissionError as error:
            raise ToolError(
                f"the recording looked at {link}, and this user may not read it", next="record as root"
            ) from error
    if not found:
        raise ToolError(
            f"the recording looked for process {pid} of a container on this host, and it is not here",
            next="record on the engine's own host, which is no virtual machine's",
        )
    return found


def numbers(pid: int) -> tuple[int, ...]:
    """A process's IDs, from the outermost PID namespace to its own: NSpid in its status."""
    return tuple(map(int, _status(pid)["NSpid"].split()))


def parent(pid: int) -> int:
    """The ID of its parent."""
    return int(_status(pid)["PPid"])


def program(pid: int) -> str:
    """The name of what it runs, of which the kernel keeps 15 characters."""
    return Path("/proc", str(pid), "comm").read_text().strip()


def kernel() -> str:
    """Version and patch level of this host's kernel, without what its builders append."""
    return shorten(platform.release())


def shorten(release: str) -> str:
    """``6.1`` of a release such as ``6.1.0-18-amd64``."""
    return ".".join(release.strip().split(".")[:2])


def interfaces() -> dict[int, str]:
    """This host's network interfaces by index."""
    return dict(socket.if_nameindex())


def _status(pid: int) -> dict[str, str]:
    lines = Path("/proc", str(pid), "status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
