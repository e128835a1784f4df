"""The socket, and aiohttp on it: the only module that knows either. Requests become values, and values answers."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

from aiohttp import web

from labrunner.daemon import versions
from labrunner.daemon.answers import Answer, Empty, Hijack, Json, Stream, Text
from labrunner.daemon.engine import Engine
from labrunner.daemon.errors import ApiError, bad_request, of_runtime
from labrunner.daemon.requests import MAX_JSON, Request
from labrunner.daemon.routes import table
from labrunner.runtime.errors import Kind, RuntimeFailure

_log = logging.getLogger(__name__)
# A request that is none is the client's fault and is answered; what breaks in a route is logged here.
logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
_BACKLOG = 1024
#: The longest request line: filters and a build's arguments travel in it.
_LONGEST_LINE = 256 << 10
_LONGEST_PATH = 107
_GOODBYE = 2.0
#: Requests whose body is an archive, read as it comes.
_ARCHIVES = frozenset({("images", "load"), ("images", "create"), ("build",)})
_COMMON = {
    "Api-Version": versions.text(versions.NEWEST),
    "Docker-Experimental": "false",
    "Ostype": "linux",
    "Server": f"labrunner/{versions.OURS} (linux)",
}


def listen(path: Path) -> socket.socket:
    """A socket at that path that only its owner may use. RuntimeFailure where somebody else answers there."""
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise RuntimeFailure(Kind.BROKEN, f"a socket's path has at most {_LONGEST_PATH} bytes, and {path} is longer")
    with socket.socket(socket.AF_UNIX) as asking:
        if asking.connect_ex(os.fspath(path)) == 0:
            raise RuntimeFailure(
                Kind.BROKEN, f"another program answers on {path} already: stop it, or name another path"
            )
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listening.bind(os.fspath(path))
    except OSError as error:
        raise RuntimeFailure(Kind.BROKEN, f"{path} was to be the engine's socket, and that failed: {error}") from error
    finally:
        os.umask(mask)
    return listening


class Server:
    """Serves one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._web = web.Server(
            self._handle,
            handler_cancellation=True,  # a client that goes ends its logs, events and wait
            access_log=None,
            auto_decompress=False,  # an archive's compression is the archive's
            tcp_keepalive=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )
        self._server: asyncio.Server | None = None

    async def open(self, listening: socket.socket) -> None:
        """Serve whoever connects."""
        self._server = await asyncio.get_running_loop().create_unix_server(self._web, sock=listening, backlog=_BACKLOG)

    async def close(self) -> None:
        """Take no more requests, and let those that are there end soon."""
        if self._server is not None:
            self._server.close()
        await self._web.shutdown(_GOODBYE)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            answer = await self._answer(request)
        except ApiError as error:
            answer = Json({"message": error.message}, error.status)
        except RuntimeFailure as failure:
            refused = of_runtime(failure)
            answer = Json({"message": refused.message}, refused.status)
        except OSError as failure:
            words = os.strerror(failure.errno).lower() if failure.errno else str(failure)
            answer = Json({"message": f"{failure.filename or 'the engine'}: {words}"}, 500)
            if failure.errno not in {errno.ENOSPC, errno.EDQUOT}:
                _log.exception("%s %s", request.method, request.path)
        except Exception as failure:  # noqa: BLE001 - it is logged, and the other clients are served on
            _log.exception("%s %s", request.method, request.path)
            answer = Json({"message": f"the engine broke ({type(failure).__name__}): its log says where"}, 500)
        return await _send(request, answer)

    async def _answer(self, request: web.BaseRequest) -> Answer:
        version, path = versions.split(tuple(unquote(part) for part in request.rel_url.raw_path.split("/") if part))
        route, name = table.find(request.method, path)
        query = request.rel_url.query
        is_archive = path in _ARCHIVES
        asked = Request(
            method=request.method,
            path=path,
            query={key: query.getall(key) for key in query},
            version=version,
            content_type=request.headers.get("Content-Type", ""),
            body=b"" if is_archive or not request.can_read_body else await _body(request),
            pieces=_pieces(request) if is_archive else None,
        )
        # What was begun is finished, though the client goes meanwhile.
        task = asyncio.ensure_future(route(self._engine, asked, name))
        task.add_done_callback(_mark_seen)
        return await asyncio.shield(task)


async def _body(request: web.BaseRequest) -> bytes:
    content = bytearray()
    async for piece in request.content.iter_any():
        content += piece
        if len(content) > MAX_JSON:
            raise bad_request(f"a body of at most {MAX_JSON} bytes was expected")
    return bytes(content)


async def _pieces(request: web.BaseRequest) -> AsyncIterator[bytes]:
    async for piece in request.content.iter_any():
        yield piece


async def _send(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    match answer:
        case Json():
            return _whole(request, answer.status, answer.body(), "application/json", {})
        case Text():
            return _whole(
                request, answer.status, answer.text.encode(), "text/plain; charset=utf-8", dict(answer.headers)
            )
        case Empty():
            return web.Response(status=answer.status, headers=_COMMON)
        case Stream():
            return await _stream(request, answer)
        case Hijack():
            return await _hijack(request, answer)


def _whole(
    request: web.BaseRequest, status: int, body: bytes, content_type: str, headers: dict[str, str]
) -> web.Response:
    headers = {**_COMMON, "Content-Type": content_type, **headers}
    if request.method == "HEAD":
        return web.Response(status=status, headers={**headers, "Content-Length": "0"})
    response = web.Response(status=status, body=body, headers=headers)
    if headers.get("Connection") == "close":
        response.force_close()
    return response


async def _stream(request: web.BaseRequest, answer: Stream) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers={**_COMMON, "Content-Type": answer.content_type})
    response.enable_chunked_encoding()
    await response.prepare(request)
    try:
        async for piece in answer.pieces:
            if piece:
                await response.write(piece)
        await response.write_eof()
    except RuntimeFailure as failure:  # the headers are gone: all that is left is to end it unfinished
        _log.warning("%s %s: %s", request.method, request.path, failure.says)
        if request.transport is not None:
            request.transport.close()
    return response


async def _hijack(request: web.BaseRequest, answer: Hijack) -> web.StreamResponse:
    """Take the connection from aiohttp, which would close it at the client's half-close."""
    transport, protocol = request.transport, request.protocol
    if transport is None:
        return web.Response()
    upgrades = "upgrade" in request.headers.get("Connection", "").lower() and "Upgrade" in request.headers
    head = "101 UPGRADED" if upgrades else "200 OK"
    upgrade = f"Connection: Upgrade\r\nUpgrade: {request.headers['Upgrade']}\r\n" if upgrades else ""
    common = "".join(f"{name}: {value}\r\n" for name, value in _COMMON.items())
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    stream = asyncio.StreamReaderProtocol(reader, loop=loop)  # stays open at the client's half-close
    transport.set_protocol(stream)
    stream.connection_made(transport)
    if not transport.is_reading():
        transport.resume_reading()
    writer = asyncio.StreamWriter(transport, stream, reader, loop)
    writer.write(f"HTTP/1.1 {head}\r\nContent-Type: {answer.content_type}\r\n{upgrade}{common}\r\n".encode())
    try:
        await answer.serve(reader, writer)
    except (OSError, RuntimeFailure) as failure:
        _log.warning("%s %s: %s", request.method, request.path, failure)
    finally:
        writer.close()
        protocol.connection_lost(None)  # aiohttp's part of the connection ends here
    return web.Response()


def _mark_seen(task: asyncio.Future[Answer]) -> None:
    """A failure of which the client, gone meanwhile, is not told."""
    if not task.cancelled():
        task.exception()
