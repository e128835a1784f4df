"""Others on the same host: a server of somebody else's on a port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _LikeNginx(BaseHTTPRequestHandler):
    server_version, sys_version = "nginx/1.0", ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Welcome to nginx! It looks like you are trying to access MongoDB over HTTP. Hello, World!")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass


@contextmanager
def serves(port: int) -> Iterator[None]:
    """Answer every request on 127.0.0.1 as the labs' own servers would."""
    with ThreadingHTTPServer(("127.0.0.1", port), _LikeNginx) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


@contextmanager
def listens(port: int) -> Iterator[None]:
    """Have a port of this host taken."""
    with socket.create_server(("", port)):
        yield


def free_port() -> int:
    """A port of this host on which nobody listens."""
    with socket.create_server(("", 0)) as probe:
        return int(probe.getsockname()[1])
