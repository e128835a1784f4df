"""A container's run folder: all that has to outlive the daemon, and its records, written by rename.

::

    run/ID/state         State, once its first process runs
           exit          Exit, once it has ended
           sock          the shim's socket
           log/000001    segments of the log (labrunner.runtime.log)
           hostname  hosts  resolv.conf      seen in the container below /etc
           upper/  work/                     what the container writes; work is the overlay's own
           filled        where there is no overlay: upper has the image's files

A socket's path may have 107 bytes, and a data folder's may be longer: bind and connect by way of /proc/self/fd.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec

STATE, EXIT, SOCKET, LOG = "state", "exit", "sock", "log"
UPPER, WORK, FILLED = "upper", "work", "filled"
HOSTNAME, HOSTS, RESOLV_CONF = "hostname", "hosts", "resolv.conf"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Who the first process and the shim are (labrunner.runtime.identity); a PID alone may be another's by now."""

    pid: int
    start_time: int
    shim_pid: int
    shim_start_time: int
    boot_id: str
    started_at: int  # nanoseconds since 1970


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """How it ended; ``says`` is why where it did not start."""

    code: int
    at: int  # nanoseconds since 1970
    oom: bool = False
    says: str = ""


_Record = TypeVar("_Record", State, Exit)


def write(descriptor: int, name: str, record: State | Exit) -> None:
    """Write a record into an open run folder in one step: whoever reads it sees all of it or none."""
    new = f".{name}"
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600, dir_fd=descriptor)
    try:
        os.write(file, msgspec.json.encode(record))
    finally:
        os.close(file)
    os.rename(new, name, src_dir_fd=descriptor, dst_dir_fd=descriptor)


def read(folder: Path, name: str, kind: type[_Record]) -> _Record | None:
    """A record; None where there is none."""
    try:
        return msgspec.json.decode((folder / name).read_bytes(), type=kind)
    except FileNotFoundError:
        return None


def socket_path(descriptor: int) -> str:
    """The path of the socket below an open run folder, short enough for bind(2) and connect(2)."""
    return f"/proc/self/fd/{descriptor}/{SOCKET}"
