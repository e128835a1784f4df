"""Processes beside a container's first one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from labrunner.daemon.answers import Answer, Empty, Hijack, Json, stream_type
from labrunner.daemon.engine import Engine
from labrunner.daemon.errors import ApiError
from labrunner.daemon.execs import shape
from labrunner.daemon.requests import Request
from labrunner.daemon.routes.containers import size
from labrunner.daemon.shapes import ExecBody, ExecStartBody
from labrunner.daemon.streams import executed
from labrunner.daemon.streams.client import STDOUT, Client, head_was_read


async def created(engine: Engine, request: Request, name: str) -> Answer:
    """POST /containers/ID/exec."""
    container = engine.parts.registry.find(name)
    return Json({"Id": engine.execs.create(container, request.json(ExecBody)).id}, status=201)


async def inspected(engine: Engine, _request: Request, name: str) -> Answer:
    """GET /exec/ID/json."""
    return Json(shape(engine.execs.find(name)))


async def resized(engine: Engine, request: Request, name: str) -> Answer:
    """POST /exec/ID/resize."""
    made = engine.execs.find(name)
    engine.execs.resize(made, *size(request))
    return Empty(200)


async def started(engine: Engine, request: Request, name: str) -> Answer:
    """POST /exec/ID/start: the streams of what was attached at its making; nothing where it is detached."""
    made = engine.execs.find(name)
    wish = request.json_if_any(ExecStartBody, ExecStartBody())
    console = wish.console_size or made.body.console_size
    engine.execs.check(made)
    body = made.body
    if wish.detach or not (body.attach_stdin or body.attach_stdout or body.attach_stderr):
        ends = await engine.execs.start(made, console=console, streams=False)
        if body.tty:
            _keep(asyncio.create_task(executed.discard(made, ends)))
        return Empty(200)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            ends = await engine.execs.start(made, console=console, streams=True)
        except ApiError as error:  # the connection is a stream already
            await head_was_read(writer)
            await Client(reader, writer, tty=body.tty).write(STDOUT, f"{error.message}\r\n".encode())
            return
        await executed.serve(made, ends, reader, writer)

    made.started = True
    return Hijack(serve, stream_type(request.version, tty=body.tty))


_kept: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    """The loop itself holds tasks only weakly."""
    _kept.add(task)
    task.add_done_callback(_kept.discard)


ROUTES: Mapping[str, Any] = {
    "POST /containers/*/exec": created,
    "GET /exec/*/json": inspected,
    "POST /exec/*/start": started,
    "POST /exec/*/resize": resized,
}
