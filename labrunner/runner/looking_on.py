"""Show a kept terminal on the screen of the terminal that this process is in."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import sys
import termios
import tty
from collections.abc import Callable

#: Ctrl-] lets go of the terminal, which goes on.
LET_GO = b"\x1d"
_CHUNK = 64 << 10


def look_on(connection: socket.socket, resize: Callable[[int, int], None]) -> bool:
    """Connect standard input and output with a terminal, until one of both ends; True where Ctrl-] let go of it.

    ``resize`` is told rows and columns, now and whenever the window changes.
    """
    screen = sys.stdin.fileno()
    before = termios.tcgetattr(screen)

    def tell_size() -> None:
        size = shutil.get_terminal_size()
        resize(size.lines, size.columns)

    handler = signal.signal(signal.SIGWINCH, lambda *_: tell_size())
    tell_size()
    tty.setraw(screen)
    try:
        return _relay(screen, connection)
    finally:
        termios.tcsetattr(screen, termios.TCSAFLUSH, before)
        signal.signal(signal.SIGWINCH, handler)


def _relay(screen: int, connection: socket.socket) -> bool:
    while True:
        ready, _, _ = select.select([screen, connection.fileno()], [], [])
        if connection.fileno() in ready:
            try:
                shown = connection.recv(_CHUNK)
            except ConnectionError:
                return False
            if not shown:
                return False
            _write(sys.stdout.fileno(), shown)
        if screen in ready:
            typed = os.read(screen, _CHUNK)
            if not typed or LET_GO in typed:
                return bool(typed)
            connection.sendall(typed)


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
