"""Listen on one unix socket for each lab, and serve each connection in a thread of a pool."""

from __future__ import annotations

import os
import queue
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from labrunner.model.errors import ToolError

#: The most bytes of a unix socket's path (unix(7)).
MAX_PATH = 107
#: The most connections that are served at once; others wait in the socket's queue.
_MOST = 512
_BACKLOG = 128
#: Seconds for which calls that are under way when the scope ends may still record what they make.
_LAST = 10.0

Serve = Callable[[socket.socket], None]


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A unix socket that only this user may open, removed at the end. ToolError where it cannot be made."""
    if len(os.fsencode(path)) > MAX_PATH:
        raise ToolError(
            f"a socket was to be made at {path}, and its path may have {MAX_PATH} bytes at most,"
            f" not {len(os.fsencode(path))}",
            next="set TMPDIR to a folder with a shorter path",
        )
    with socket.socket(socket.AF_UNIX) as server:
        before = os.umask(0o177)
        try:
            with suppress(FileNotFoundError):
                path.unlink()
            server.bind(str(path))
        except OSError as error:
            raise ToolError(
                f"a socket was to be made at {path}, and that failed: {error.strerror}",
                next="set TMPDIR to a folder that you may write to",
            ) from error
        finally:
            os.umask(before)
        try:
            server.listen(_BACKLOG)
            server.settimeout(0)
            yield server
        finally:
            with suppress(FileNotFoundError):
                path.unlink()


class Pool:
    """Threads that serve connections; a new one is made where none is idle."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[socket.socket, Serve]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._threads = 0
        self._busy = 0

    def serve(self, client: socket.socket, serve: Serve) -> None:
        """Hand a connection to a thread."""
        with self._lock:
            self._busy += 1
            wanted = self._idle <= self._waiting.qsize() and self._threads < _MOST
            self._threads += wanted
        if wanted:
            threading.Thread(target=self._work, daemon=True).start()
        self._waiting.put((client, serve))

    def finish(self) -> None:
        """Wait until no connection is served any more, for some seconds at most."""
        deadline = time.monotonic() + _LAST
        while self._busy and time.monotonic() < deadline:
            time.sleep(0.01)  # threads say by nothing else that they are idle

    def _work(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            client, serve = self._waiting.get()
            with self._lock:
                self._idle -= 1
            try:
                serve(client)
            finally:
                with self._lock:
                    self._busy -= 1


def run(servers: Mapping[socket.socket, Serve], pool: Pool, until: int) -> None:
    """Accept connections until the descriptor ``until`` is closed by its other side."""
    poller = select.poll()
    by_number = {server.fileno(): (server, serve) for server, serve in servers.items()}
    for number in (*by_number, until):
        poller.register(number, select.POLLIN)
    while True:
        for number, _ in poller.poll():
            if number == until:
                if not os.read(until, 1 << 12):
                    return
                continue
            server, serve = by_number[number]
            with suppress(BlockingIOError, ConnectionError):
                client, _ = server.accept()
                pool.serve(client, serve)
