"""What every child of the zygote begins with: nothing inherited but what it was given."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable


def child(work: Callable[[], None], kept: Iterable[int]) -> int:
    """Fork a child that does the work with the descriptors ``kept`` and its standard error only. Returns its PID."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        os.umask(0o077)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # a shim wants its children's exit codes
        keep_only({2, *kept})
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - a child must never return into its parent's loop
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def keep_only(kept: set[int]) -> None:
    """Close every descriptor but these; where the first three are not kept they lead to /dev/null."""
    low = 0
    for descriptor in sorted(kept):
        if low < descriptor:
            os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, 1 << 20)
    lacking = {0, 1, 2} - kept
    if lacking:
        null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        for stream in lacking - {null}:
            os.dup2(null, stream)
        if null not in lacking:
            os.close(null)
