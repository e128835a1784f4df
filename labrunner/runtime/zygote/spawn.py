"""How the daemon starts the zygote."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from labrunner.runtime.modes import Mode


def command(descriptor: int, data: Path, mode: Mode) -> list[str]:
    """The zygote's command line; ``descriptor`` is its end of the connection, which it has to inherit."""
    return [sys.executable, "-P", "-m", "labrunner.runtime.zygote", str(descriptor), str(data), mode.value]


def spawn(data: Path, mode: Mode) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start a zygote for the data folder. Returns the connection to it, on which it says ``Hello`` or ``Failed``.

    It ends when the connection is closed; shims live on. Its standard error is the caller's.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - our own program
            command(theirs.fileno(), data, mode),
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    return ours, process
