"""A terminal for a process in the container, from the container's own /dev/pts; the shim gets its master end."""

from __future__ import annotations

import fcntl
import os
import stat
import struct
import termios

from labrunner.runtime import channel, syscalls
from labrunner.runtime.messages import Done
from labrunner.runtime.perform.context import Context
from labrunner.runtime.perform.targets import made, opened, require_type
from labrunner.runtime.plan import operations as do

_DEVPTS_SUPER_MAGIC = 0x1CD1
_TIOCSPTLCK, _TIOCGPTPEER = 0x40045431, 0x5441  # ioctl_tty(2), of the generic numbers of x86-64 and aarch64
_TTY_MODE = 0o620


def open_terminal(operation: do.OpenTerminal, context: Context) -> None:
    """Make the terminal the three streams and the session's own. The process leads its session already."""
    with opened(context.root, "/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY) as master:
        require_type(master, _DEVPTS_SUPER_MAGIC)
        fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
        slave = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        if operation.rows and operation.columns:
            resize(slave, operation.rows, operation.columns)
        channel.send(context.control, Done(), [master])
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for stream in range(3):
        os.dup2(slave, stream)
    if operation.console:
        _show_console(slave, context)
    os.close(slave)


def resize(terminal: int, rows: int, columns: int) -> None:
    """Set a terminal's size; the kernel tells whoever runs in it."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _show_console(slave: int, context: Context) -> None:
    """Mount the terminal at /dev/console, which must be a file that we made (CVE-2025-52565)."""
    with made(context.root, "/dev/console", folder=False) as place:
        if not stat.S_ISREG(os.fstat(place).st_mode):
            raise OSError(0, "/dev/console is not the file that it should be")
        mount = syscalls.copy_mount(slave, "")
        try:
            syscalls.place_mount(mount, place)
        finally:
            os.close(mount)
