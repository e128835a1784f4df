"""The filter in the kernel: installed in a process of its own, which then calls."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labrunner.runtime import syscalls
from labrunner.runtime.seccomp import ARCHITECTURES, program
from labrunner.runtime.seccomp.numbers import NUMBERS
from labrunner.runtime.spec import DEFAULT_CAPABILITIES
from tests.unit.runtime.child import in_child

MACHINE = os.uname().machine
_libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: int) -> int:
    """A system call by its name: its result, or its error as a negative number."""
    number = NUMBERS[name][list(ARCHITECTURES).index(MACHINE)]
    assert number is not None
    result = int(_libc.syscall(ctypes.c_long(number), *(ctypes.c_long(argument) for argument in arguments)))
    return -ctypes.get_errno() if result < 0 else result


def filtered(work: Callable[[], Any], *, emulate: bool = False) -> Any:  # noqa: ANN401 - whatever JSON carries
    """What the work returns in a process with the filter."""

    def confined() -> Any:  # noqa: ANN401 - as above
        syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
        syscalls.install_filter(program(DEFAULT_CAPABILITIES, MACHINE, emulate))
        return work()

    return in_child(confined)


def test_programs_are_run_and_threads_started() -> None:
    def work() -> list[int]:
        child = os.posix_spawn("/bin/true", ["true"], {})
        return [os.waitpid(child, 0)[1], os.system("true | cat")]  # noqa: S605 - a shell with a pipe, as asked

    assert filtered(work) == [0, 0]


@pytest.mark.parametrize(
    ("name", "arguments", "refused"),
    [
        ("socket", (socket.AF_VSOCK, socket.SOCK_STREAM, 0), -errno.EPERM),
        ("socket", (socket.AF_VSOCK | 1 << 32, socket.SOCK_STREAM, 0), -errno.EPERM),
        ("unshare", (syscalls.CLONE_NEWNS,), -errno.EPERM),
        ("unshare", (syscalls.CLONE_NEWUSER,), -errno.EPERM),
        ("clone", (syscalls.CLONE_NEWUSER | signal.SIGCHLD, 0), -errno.EPERM),
        ("clone3", (0, 0), -errno.ENOSYS),
        ("personality", (0x0040000,), -errno.EPERM),  # no randomisation of addresses
        ("keyctl", (0, 0), -errno.EPERM),
        ("mount", (0, 0, 0, 0, 0), -errno.EPERM),
    ],
)
def test_a_call_is_refused(name: str, arguments: tuple[int, ...], refused: int) -> None:
    """Which is the filter's doing: without it, those that need no privilege get another answer."""
    assert filtered(lambda: call(name, *arguments)) == refused
    if name in {"personality", "clone3", "keyctl"}:
        assert in_child(lambda: call(name, *arguments)) != refused


def test_the_kernels_cryptography_is_out_of_reach() -> None:
    assert filtered(lambda: call("socket", 38, socket.SOCK_SEQPACKET, 0)) == -errno.EPERM
    assert filtered(lambda: call("socket", socket.AF_INET, socket.SOCK_STREAM, 0)) >= 0


def test_with_emulation_owners_ids_and_devices_change_only_in_words(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    def work() -> list[Any]:
        os.chown(file, 1234, 1234)
        os.setgroups([1, 2, 3])
        os.setresgid(7, 7, 7)
        os.setresuid(7, 7, 7)
        os.mknod(tmp_path / "device", stat.S_IFCHR | 0o644, os.makedev(1, 3))
        os.mkfifo(tmp_path / "pipe")
        return [file.stat().st_uid, os.getuid(), sorted(entry.name for entry in tmp_path.iterdir())]

    assert filtered(work, emulate=True) == [os.getuid(), os.getuid(), ["file", "pipe"]]
