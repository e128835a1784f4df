"""What a container writes: logs and attach."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from labrunner.daemon.answers import RAW_STREAM, Answer, Hijack, Stream, Text, stream_type
from labrunner.daemon.engine import Engine
from labrunner.daemon.errors import ApiError, bad_request, of_runtime
from labrunner.daemon.requests import Request
from labrunner.daemon.streams import attach
from labrunner.daemon.streams.client import STDERR, STDOUT
from labrunner.daemon.streams.logs import Wish, before, logs
from labrunner.daemon.times import moment
from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.messages import Attach

#: Keys by which a client lets go of a terminal; it does so itself, and tells them all the same.
_KEYS = re.compile(r"(?:(?:ctrl-[a-z@^\[\\\]_]|[ -~])(?:,(?:ctrl-[a-z@^\[\\\]_]|[ -~]))*)?")


async def shown(engine: Engine, request: Request, name: str) -> Answer:
    """GET /containers/ID/logs."""
    container = engine.parts.registry.find(name)
    streams = _streams(request)
    if not streams:
        raise bad_request("Bad parameters: you must choose at least one stream")
    tty = container.record.config.tty
    tail = request.text("tail")
    wish = Wish(
        streams=streams,
        since=moment(request.text("since")) or 0,
        until=moment(request.text("until")),
        tail=int(tail) if tail.isdecimal() else None,  # "all", and whatever else is no number
        timestamps=request.yes("timestamps"),
        follow=request.yes("follow"),
        framed=not tty,
    )
    return Stream(logs(engine.life, container, wish), stream_type(request.version, tty=tty))


async def attached(engine: Engine, request: Request, name: str) -> Answer:
    """POST /containers/ID/attach: a refusal comes bare, as what would have followed the head."""
    try:
        return await _attach(engine, request, name)
    except ApiError as error:
        return Text(f"{error.message}\r\n", (("Content-Type", RAW_STREAM), ("Connection", "close")), error.status)


async def _attach(engine: Engine, request: Request, name: str) -> Answer:
    container = engine.parts.registry.find(name)
    if not _KEYS.fullmatch(request.text("detachKeys")):
        raise bad_request(f"Invalid detach keys ({request.text('detachKeys')}) provided")
    tty, streams, live = container.record.config.tty, _streams(request), request.yes("stream")
    wish = Wish(streams=streams, framed=not tty)
    engine.life.tell(container, "attach")
    joined = None
    if live:
        try:
            joined = await attach.join(
                engine.life,
                container,
                Attach(stdin=request.yes("stdin"), stdout=STDOUT in streams, stderr=STDERR in streams),
            )
        except RuntimeFailure as failure:
            raise of_runtime(failure) from failure

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if request.yes("logs"):
            for piece in before(container, joined.at if joined else None, wish):
                writer.write(piece)
                await writer.drain()
        if joined is not None:
            await attach.serve(joined, reader, writer, tty=tty)

    return Hijack(serve, stream_type(request.version, tty=tty))


def _streams(request: Request) -> frozenset[int]:
    return frozenset(number for number, word in ((STDOUT, "stdout"), (STDERR, "stderr")) if request.yes(word))


ROUTES: Mapping[str, Any] = {
    "GET /containers/*/logs": shown,
    "POST /containers/*/attach": attached,
}
