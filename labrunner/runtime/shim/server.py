"""The socket in the run folder, on which a shim takes connections."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable

from labrunner.runtime import folder
from labrunner.runtime.shim.loop import Loop


class Server:
    """Listens in the open run folder ``place`` at once, and calls ``accepted`` with each connection."""

    def __init__(self, loop: Loop, place: int, accepted: Callable[[socket.socket], object]) -> None:
        self._loop = loop
        self._place = place
        self._accepted = accepted
        self._server = socket.socket(socket.AF_UNIX)
        self._unlink()  # of a shim that was killed
        self._server.bind(folder.socket_path(place))  # for us only, by the umask
        self._server.listen()
        os.set_blocking(self._server.fileno(), False)
        loop.watch(self._server.fileno(), read=self._accept)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # whoever connected has gone
            self._accepted(self._server.accept()[0])

    def close(self) -> None:
        """Take no more connections; to be called before anybody knows of the end, and starts the container anew."""
        self._loop.forget(self._server.fileno())
        self._server.close()
        self._unlink()

    def _unlink(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(folder.SOCKET, dir_fd=self._place)
