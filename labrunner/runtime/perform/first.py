"""The small first process of ``--init``: it hands signals on, reaps orphans, and ends as the program does.

As docker-init (tini); it runs as the container's user and with its rights.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import NoReturn

from labrunner.runtime import syscalls

#: What a process gets for its own doing, or what cannot be caught.
_OWN = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGTTIN, signal.SIGTTOU, signal.SIGSEGV, signal.SIGBUS}


def serve(child: int) -> NoReturn:
    """Be the first process until ``child`` ends, and end with its exit code as a shell counts it."""
    syscalls.name_process("init")
    os.closerange(0, 1 << 20)
    waited = set(signal.valid_signals()) - _OWN | {signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    while True:
        code = _reap(child)
        if code is not None:
            os._exit(code)
        number = signal.sigwait(waited)
        if number != signal.SIGCHLD:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)


def _reap(child: int) -> int | None:
    """Reap whoever ended; the child's exit code where it is among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
                found = code if code >= 0 else 128 - code
    return found
