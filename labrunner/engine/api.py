"""The Docker Engine API as plain JSON calls over a socket.

A check has 300 ms. The SDK takes 85 of them to import, so what only reads or deletes goes through this module, on the
standard library's http.client; what moves images (pull, build, import) goes through the SDK in stock.py and
standin.py (docs/decisions/0002-two-ways-to-the-engine.md).
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from labrunner.model.errors import ToolError

#: Seconds that a single call may take.
TIMEOUT = 30.0
#: The version of the API that is spoken: Docker 20.10 has it, and later engines still offer it.
VERSION = "v1.41"


class ApiError(Exception):
    """The engine refused a request: its status and its own words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class EngineUnreachable(ToolError):  # noqa: N818 - what it says, as a sentence begins
    """Nothing answers at the endpoint, or this user may not talk to it."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def _connection(host: str, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(host)
    if parts.scheme == "unix":
        return _UnixConnection(parts.path, timeout)
    if parts.scheme not in {"tcp", "http", "https"}:
        raise ToolError(
            f"an engine at {host} was asked for, and labrunner speaks unix:// and tcp:// only",
            next=f"forward its socket to this host and set DOCKER_HOST to it instead of {host}",
        )
    if parts.scheme == "https" or os.environ.get("DOCKER_TLS_VERIFY"):
        certs = Path(os.environ.get("DOCKER_CERT_PATH", "~/.docker")).expanduser()
        return http.client.HTTPSConnection(
            parts.hostname or "localhost", parts.port or 2376, timeout=timeout, context=_tls(certs)
        )
    return http.client.HTTPConnection(parts.hostname or "localhost", parts.port or 2375, timeout=timeout)


def _tls(certs: Path) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(certs / "ca.pem") if (certs / "ca.pem").exists() else None)
        if (certs / "cert.pem").exists():
            context.load_cert_chain(certs / "cert.pem", certs / "key.pem")
    except OSError as error:
        raise EngineUnreachable(
            f"an engine was to be asked by TLS, and the certificates in {certs} cannot be read ({error})",
            next="set DOCKER_CERT_PATH to the folder with ca.pem, cert.pem and key.pem",
        ) from error
    return context


def dial(host: str, timeout: float | None = TIMEOUT) -> socket.socket:
    """A connection to an engine as a bare socket; OSError where nobody answers. TLS as the client's variables say."""
    connection = _connection(host, TIMEOUT)
    connection.connect()
    found: socket.socket = connection.sock
    found.settimeout(timeout)
    return found


class Api:
    """One engine's API. ``host`` is written as in DOCKER_HOST: ``unix:///path`` or ``tcp://name:port``."""

    def __init__(self, host: str, timeout: float = TIMEOUT, version: str = VERSION) -> None:
        self.host = host
        self.timeout = timeout
        self.version = version

    def bytes(self, method: str, path: str, body: object = None, **query: object) -> bytes:
        """The whole body of an answer. ApiError for a status from 400, EngineUnreachable where nobody answers."""
        target = f"/{self.version}{quote(path, safe='/:@')}"
        if query:
            target += "?" + urlencode({k: json.dumps(v) if isinstance(v, dict) else v for k, v in query.items()})
        payload = None if body is None else json.dumps(body).encode()
        headers = {} if payload is None else {"Content-Type": "application/json"}
        connection = _connection(self.host, self.timeout)
        try:
            connection.request(method, target, body=payload, headers=headers)
            response = connection.getresponse()
            content = response.read()
        except PermissionError as error:
            raise EngineUnreachable(
                f"the engine's socket {self.host} was asked, and this user may not open it",
                next="sudo usermod -aG docker $USER, then log out and in again",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise EngineUnreachable(
                f"the engine at {self.host} was asked for {path}, and it does not answer ({error})",
                next="labrunner doctor",
            ) from error
        finally:
            connection.close()
        if response.status >= http.client.BAD_REQUEST:
            raise ApiError(response.status, _message(content))
        return content

    def json(self, method: str, path: str, body: object = None, **query: object) -> Any:  # noqa: ANN401 - JSON
        """The answer's JSON value; None for an empty body."""
        content = self.bytes(method, path, body, **query)
        try:
            return json.loads(content) if content.strip() else None
        except ValueError as error:
            raise EngineUnreachable(
                f"the engine at {self.host} was asked for {path}, and what answers there is no JSON, so no engine's",
                next="labrunner doctor",
            ) from error

    def find(self, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        """The JSON value at ``path``; None where the engine says that there is no such object."""
        try:
            return self.json("GET", path, **query)
        except ApiError as error:
            if error.status == http.client.NOT_FOUND:
                return None
            raise


def _message(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content.decode(errors="replace").strip()
