"""A connection to the shim that never waits: messages in as they arrive, answers out at once."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence

from labrunner.runtime import channel
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.messages import VERSION, Failed, Hello, Message
from labrunner.runtime.shim.loop import Loop

_HEAD = 4


class Connection:
    """Calls ``handle`` with each message and its descriptors, which are then the handler's, and ``closed`` at the end.

    It says ``Hello`` at once, and takes nothing else as the other side's first message.
    """

    def __init__(
        self,
        loop: Loop,
        link: socket.socket,
        handle: Callable[[Connection, Message, list[int]], None],
        closed: Callable[[Connection], None],
    ) -> None:
        self._loop = loop
        self._link = link
        self._handle = handle
        self._closed = closed
        self._greeted = False
        self._open = True
        self._begin()
        os.set_blocking(link.fileno(), False)
        loop.watch(link.fileno(), read=self._read)
        self.answer(Hello())

    def _begin(self) -> None:
        """Wait for the head of a message: no more than a message is read at once, so descriptors stay beside theirs."""
        self._content = bytearray()
        self._wanted = _HEAD
        self._length: int | None = None
        self._descriptors: list[int] = []

    def _read(self) -> None:
        try:
            while self._read_message():
                pass
        except BlockingIOError:
            return
        except (OSError, EOFError):
            self.close()
        except RuntimeFailure as failure:
            self.answer(Failed(kind=failure.kind, says=failure.says, errno=failure.errno))
            self.close()

    def _read_message(self) -> bool:
        """Read on; whether to go on with another message."""
        while len(self._content) < self._wanted:
            limit = min(self._wanted - len(self._content), 1 << 20)
            piece, descriptors, _, _ = socket.recv_fds(self._link, limit, channel.MAX_DESCRIPTORS)
            self._descriptors += descriptors
            if not piece:
                raise EOFError
            self._content += piece
        content = bytes(self._content)
        if self._length is None:
            self._length = self._wanted = channel.length_of(content)
            self._content = bytearray()
            return True
        message, descriptors = channel.decode(content), self._descriptors
        self._begin()
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - the one thing that this function sets
        self._take(message, descriptors)
        return self._open

    def _take(self, message: Message, descriptors: list[int]) -> None:
        if self._greeted:
            self._handle(self, message, descriptors)
        elif isinstance(message, Hello) and message.version == VERSION:
            self._greeted = True
        else:
            raise RuntimeFailure(Kind.OTHER_VERSION, f"a hello of version {VERSION} was expected first, not {message}")

    def answer(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Send a message; whoever does not take it is let go."""
        content = channel.encode(message)
        try:
            sent = socket.send_fds(self._link, [content], list(descriptors))
        except OSError:
            sent = 0
        if sent < len(content):
            self.close()

    def release(self) -> socket.socket:
        """The socket, of which no message is read any more."""
        self._open = False
        self._loop.forget(self._link.fileno())
        return self._link

    def close(self) -> None:
        """Let the other side go."""
        if not self._open:
            return
        self._open = False
        channel.close(self._descriptors)
        self._loop.forget(self._link.fileno())
        self._link.close()
        self._closed(self)
