"""Try something in a process of its own, whose namespaces and mounts end with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from labrunner.runtime import syscalls
from labrunner.runtime.modes import Mode


def attempt(work: Callable[[], object]) -> OSError | None:
    """Do it in a child; None where it was done, else what the kernel said, with what was attempted as its file name."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        _be(work, reading, writing)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="replace") as told:
        number, _, attempted = told.read().partition(" ")
    _, status = os.waitpid(pid, 0)
    if status == 0:
        return None
    code = int(number) if number else 0
    return OSError(code, os.strerror(code) if code else "it was killed", attempted)


def enter(mode: Mode) -> None:
    """Be where the engine's containers would be made: in a user namespace where there is to be one, with own mounts."""
    if mode is Mode.SINGLE:
        uid, gid = os.geteuid(), os.getegid()
        syscalls.unshare(syscalls.CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount(None, "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)


def _be(work: Callable[[], object], reading: int, writing: int) -> None:
    code = 1
    try:
        os.close(reading)
        work()
        code = 0
    except OSError as error:
        os.write(writing, f"{error.errno or 0} {error.filename or ''}".encode())
    finally:
        os._exit(code)
