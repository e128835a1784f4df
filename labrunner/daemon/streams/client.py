"""The client's side of a connection that became a stream: framed output, and input until its half-close."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import struct
import termios

from labrunner.wire.streams import frame

STDIN, STDOUT, STDERR = range(3)
_PAUSE, _MOST_PAUSES = 0.0005, 200
_ENOUGH = 1 << 16


class Client:
    """One client. Output for a client that has gone is thrown away, since the process writes on."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, tty: bool) -> None:
        self._reader = reader
        self._writer = writer
        self._tty = tty
        self._connected = True

    async def read(self) -> bytes:
        """What the client types; empty at its half-close, and when it is gone."""
        try:
            return await self._reader.read(_ENOUGH)
        except OSError:
            return b""

    async def write(self, stream: int, content: bytes) -> None:
        """Send output, framed where there is no terminal; waits while the client does not read."""
        if not self._connected:
            return
        self._writer.write(content if self._tty else frame(stream, content))
        try:
            await self._writer.drain()
        except OSError:
            self._connected = False


async def head_was_read(writer: asyncio.StreamWriter) -> None:
    """Wait until the client has read all that was sent: docker-py loses what follows the head in the same read.

    It reads the head through a buffer and the stream from the socket behind it. TIOCOUTQ: unix(7).
    """
    connection: socket.socket = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        for _ in range(_MOST_PAUSES):
            waiting = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
            if struct.unpack("i", waiting) == (0,):
                return
            await asyncio.sleep(_PAUSE)
