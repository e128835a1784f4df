"""One direction of a connection: what one socket sends is passed to the other one.

Small answers are read and sent; once much comes, it goes through a pipe by splice(2) and is never copied into this
process. Without splice (macOS, TLS) everything is read and sent.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from collections.abc import Callable

_READ = 1 << 18
#: A read of this many bytes says that more will come, so that a pipe is worth its making.
_MUCH = 1 << 15
_PIPE = 1 << 20
#: How often one direction is read and sent before the other one is looked at.
_TURNS = 16
_F_SETPIPE_SZ = 1031  # fcntl(2); Python's fcntl has it since 3.10 on Linux only
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Way:
    """From ``source`` to ``target``, both non-blocking; ``tap`` sees and may change what passes.

    ``held`` says how many bytes wait to be sent, ``began`` that any have come, ``ended`` that no more come.
    """

    def __init__(
        self,
        source: socket.socket,
        target: socket.socket,
        tap: Callable[[bytes], bytes] | None = None,
        finish: Callable[[], bytes] | None = None,
    ) -> None:
        self.source = source
        self.target = target
        self.began = False
        self.ended = False
        self._tap = tap
        self._finish = finish
        self._buffer = memoryview(b"")
        self._in_pipe = 0
        self._pipe: tuple[int, int] | None = None
        tls = isinstance(source, ssl.SSLSocket) or isinstance(target, ssl.SSLSocket)
        self._may_splice = tap is None and not tls and hasattr(os, "splice")

    @property
    def held(self) -> int:
        """The bytes that were read and not sent yet."""
        return len(self._buffer) + self._in_pipe

    @property
    def done(self) -> bool:
        """Whether all has come and all has been sent."""
        return self.ended and not self.held

    def pump(self) -> None:
        """Read and send, until nothing is there, the target takes no more, or the other direction may want a turn."""
        for _ in range(_TURNS):
            if not self.fill() or self.ended:
                return
            try:
                self.drain()
            except OSError:  # the next look at the target says why
                return
            if self.held:
                return

    def fill(self) -> bool:
        """Read once; False where nothing is there."""
        try:
            if self._pipe is not None:
                self._in_pipe = os.splice(
                    self.source.fileno(), self._pipe[1], _PIPE, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE
                )
                came = self._in_pipe > 0
            else:
                came = self._read()
        except _NOT_NOW:
            return False
        except ConnectionError:
            came = False
        if came:
            self.began = True
        else:
            self._end()
        return True

    def push(self, content: bytes) -> None:
        """Send these bytes before anything that is read."""
        self._buffer = memoryview(bytes(self._buffer) + content)

    def drain(self) -> None:
        """Send as much as the target takes. ConnectionError where it is gone."""
        with contextlib.suppress(*_NOT_NOW):
            if self._buffer:
                sent = self.target.send(self._buffer)
                self._buffer = self._buffer[sent:]
            elif self._in_pipe and self._pipe is not None:
                self._in_pipe -= os.splice(
                    self._pipe[0], self.target.fileno(), self._in_pipe, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE
                )
        if self.done:
            self._half_close()

    def give_up(self) -> None:
        """Nobody takes what is left."""
        self.ended = True
        self._buffer = memoryview(b"")
        self._in_pipe = 0

    def close(self) -> None:
        """Let go of the pipe."""
        if self._pipe is not None:
            os.close(self._pipe[0])
            os.close(self._pipe[1])
            self._pipe = None

    def _read(self) -> bool:
        content = self.source.recv(_READ)
        if self._tap is not None:
            self._buffer = memoryview(self._tap(content) if content else b"")
        else:
            self._buffer = memoryview(content)
            if self._may_splice and len(content) >= _MUCH:
                self._pipe = _pipe()
        return bool(content)

    def _end(self) -> None:
        self.ended = True
        if self._finish is not None:
            self._buffer = memoryview(self._finish())
        if self.done:
            self._half_close()

    def _half_close(self) -> None:
        with contextlib.suppress(OSError):
            self.target.shutdown(socket.SHUT_WR)


def _pipe() -> tuple[int, int]:
    ends = os.pipe()
    with contextlib.suppress(ImportError, OSError):  # a user may have no room for larger pipes
        import fcntl  # noqa: PLC0415 - beside its only use, since it is a refinement

        fcntl.fcntl(ends[1], _F_SETPIPE_SZ, _PIPE)
    return ends
