"""Fork a process that becomes one of the container's, and tell how far it came.

A socket that is closed on exec leads from it to the shim: ``Failed`` says what went wrong, ``Done`` brings a terminal's
master end, and the end of the line, that the program was executed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from labrunner.runtime import channel, identity, syscalls
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.messages import Done, Failed
from labrunner.runtime.perform import Context
from labrunner.runtime.zygote.fork import keep_only

_GO = b"!"
#: Python ignores SIGPIPE, and whoever started the engine may ignore others; a container's program expects none of it.
_IGNORED = tuple(number for number in signal.valid_signals() if signal.getsignal(number) is signal.SIG_IGN)


@dataclass(slots=True)
class Child:
    """A process of ours: ``descriptor`` is its PID descriptor, ``control`` the line to it until it executes."""

    pid: int
    start_time: int
    descriptor: int
    control: socket.socket

    def let_go(self) -> None:
        """Tell one that waits to go on, once for each time that it waits; one that has failed has said so."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.control.send(_GO)

    def report(self) -> Failed | int | None:
        """What it says next: a failure, a terminal's master end, or None where it runs; waits for it."""
        try:
            received = channel.receive(self.control)
        except ConnectionResetError:
            return Failed(kind=Kind.BROKEN, says="the process ended before it executed its program")
        if received is None:
            return None
        message, descriptors = received
        if isinstance(message, Done):
            return descriptors[0]
        return message if isinstance(message, Failed) else None

    def report_failure(self) -> Failed | None:
        """Why one that executes nothing failed; None where it did its work."""
        report = self.report()
        return report if isinstance(report, Failed) else None

    def reap(self) -> int:
        """Wait for its end. Returns its exit code as a shell counts it."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.descriptor)
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code


def fork(work: Callable[[Context], object], streams: Sequence[int]) -> Child:
    """Fork a child that does the work, which ends by executing a program; without ``streams`` they are /dev/null.

    OSError where there can be no new process.
    """
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if not pid:
        _be(work, streams, theirs)
    theirs.close()
    return Child(pid, identity.start_time(pid) or 0, os.pidfd_open(pid), ours)


def wait_for_shim(context: Context) -> None:
    """Wait until the shim lets us go; end where it has ended or does not want us."""
    if context.control.recv(1) != _GO:
        os._exit(0)


def _be(work: Callable[[Context], object], streams: Sequence[int], control: socket.socket) -> NoReturn:
    try:
        os.setsid()
        for (
            number
        ) in signal.valid_signals():  # Python ignores SIGPIPE, and whoever started the engine may ignore others
            if signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        for stream, descriptor in enumerate(streams):
            os.dup2(descriptor, stream)
        syscalls.prctl(syscalls.PR_SET_DUMPABLE, 0)  # nobody in the container looks into us before we execute
        os.umask(0)
        work(Context(control))
    except RuntimeFailure as failure:
        _tell(control, Failed(kind=failure.kind, says=failure.says, errno=failure.errno))
    except BaseException:  # noqa: BLE001 - a child must never return into its parent's loop
        _tell(control, Failed(kind=Kind.BROKEN, says=traceback.format_exc()))
    os._exit(1)


def _tell(control: socket.socket, failed: Failed) -> None:
    with contextlib.suppress(OSError):  # the shim has ended
        channel.send(control, failed)


def own_descriptors_only(context: Context, *others: int) -> None:
    """Close what belongs to the shim; to be called when nothing of it is needed any more."""
    keep_only({0, 1, 2, context.control.fileno(), *others})
