"""Small real HTTP servers: on a loopback port, on a unix socket, or with TLS."""

from __future__ import annotations

import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """What a server was asked; the names of the headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What a server answers."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(data: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer in JSON."""
    return Reply(json.dumps(data).encode(), status, headers or {})


#: What a server does with a request; None hangs up without a word.
Respond = Callable[[Request], Reply | None]


def routes(known: Mapping[str, object]) -> Respond:
    """Answer each known path with its JSON value or its Reply, and every other one as an engine says 404."""

    def respond(request: Request) -> Reply:
        if request.path not in known:
            return json_reply({"message": f"No such object: {request.path}"}, 404)
        answer = known[request.path]
        return answer if isinstance(answer, Reply) else json_reply(answer)

    return respond


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, or refuses a certificate, is part of a test."""


class _UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class Server:
    """A server that answers by ``respond`` and keeps what it was asked. Use it in a ``with``.

    ``place`` is a path for a unix socket, or an address of this host for a free TCP port of it.
    """

    def __init__(self, respond: Respond, place: Path | str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.respond = respond
        server: socketserver.BaseServer
        handler = self._handler()
        if isinstance(place, Path):
            server = _UnixServer(str(place), handler)
            self.host = f"unix://{place}"
            self.port = 0
        else:
            server = _TcpServer((place, 0), handler)
            self.port = int(server.server_address[1])
            self.host = f"{place}:{self.port}"
            if tls is not None:
                server.socket = tls.wrap_socket(server.socket, server_side=True)
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """Where it answers without TLS."""
        return f"http://{self.host}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query)),
                    {name.lower(): value for name, value in self.headers.items()},
                    body,
                )
                owner.requests.append(request)
                reply = owner.respond(request)
                if reply is None:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply.body)

            do_GET = do_HEAD = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's own names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
                """Say nothing."""

        return Handler
