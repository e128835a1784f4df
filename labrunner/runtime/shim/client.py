"""Somebody attached to a container's streams, over frames (messages.Attach)."""

from __future__ import annotations

import socket
from collections.abc import Callable

from labrunner.runtime.messages import Attach
from labrunner.runtime.shim.loop import Loop

#: Bytes that a client may be behind before nothing more is read from the container.
_BEHIND = 256 << 10
_CHUNK = 64 << 10
_HEAD = 5


class Client:
    """``feed`` gets its input, b"" for the end of it; ``relieved`` is called when it took what it was sent.

    ``gone`` is called when it closed the connection, or was let go at its end.
    """

    def __init__(
        self,
        loop: Loop,
        link: socket.socket,
        wanted: Attach,
        feed: Callable[[bytes], None],
        relieved: Callable[[], None],
        gone: Callable[[Client], None],
    ) -> None:
        self._loop = loop
        self._link = link
        self._streams = {number for number, wants in ((1, wanted.stdout), (2, wanted.stderr)) if wants}
        self._feed = feed
        self._relieved = relieved
        self._gone = gone
        self._pending = bytearray()
        self._head = bytearray()
        self._left = 0
        self._reads = True
        self._ends = False
        self.has_input = wanted.stdin
        self._watch()

    @property
    def is_behind(self) -> bool:
        """Whether it takes less than the container writes."""
        return len(self._pending) > _BEHIND

    def push(self, stream: int, content: bytes) -> None:
        """Send it what the container wrote."""
        if stream in self._streams:
            self._pending += bytes([stream]) + len(content).to_bytes(4, "big") + content
            self._flush()

    def end(self) -> None:
        """Let it go when it has got everything."""
        self._ends = True
        self._flush()

    def hold(self, *, held: bool) -> None:
        """Take no more input from it for now."""
        if self._reads is held:
            self._reads = not held
            self._watch()

    def _watch(self) -> None:
        if self._link.fileno() >= 0:
            read = self._read if self._reads else None
            self._loop.watch(self._link.fileno(), read=read, write=self._flush if self._pending else None)

    def _flush(self) -> None:
        was_behind = self.is_behind
        try:
            while self._pending:
                del self._pending[: self._link.send(self._pending)]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if self._ends and not self._pending:
            self.close()
            return
        self._watch()
        if was_behind and not self.is_behind:
            self._relieved()

    def _read(self) -> None:
        try:
            content = self._link.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            content = b""
        if not content:
            self.close()
            return
        if self.has_input:
            self._unframe(content)

    def _unframe(self, content: bytes) -> None:
        while content:
            if self._left:
                piece, content = content[: self._left], content[self._left :]
                self._left -= len(piece)
                self._feed(piece)
                continue
            lacking = _HEAD - len(self._head)
            self._head += content[:lacking]
            content = content[lacking:]
            if len(self._head) == _HEAD:
                self._left = int.from_bytes(self._head[1:], "big")
                self._head.clear()
                if not self._left:
                    self._feed(b"")

    def close(self) -> None:
        """Let it go at once."""
        if self._link.fileno() < 0:
            return
        self._loop.forget(self._link.fileno())
        self._link.close()
        self._pending.clear()
        self._gone(self)
