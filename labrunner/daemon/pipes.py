"""Pipes between the daemon and its workers and containers, read and written without waiting in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator

_SIZE = 1 << 20


def widen(descriptor: int) -> None:
    """Let a pipe hold a megabyte, where the host allows it: fewer turns for the same bytes."""
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _SIZE)


async def reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.BaseTransport]:
    """Read a pipe or a terminal; the transport owns the descriptor."""
    stream = asyncio.StreamReader(limit=_SIZE)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb", buffering=0)
    )
    return stream, transport


async def writer(descriptor: int) -> asyncio.StreamWriter:
    """Write a pipe or a terminal; closing it closes the descriptor."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.streams.FlowControlMixin(loop=loop), os.fdopen(descriptor, "wb", buffering=0)
    )
    return asyncio.StreamWriter(transport, protocol, None, loop)


async def feed(descriptor: int, pieces: AsyncIterator[bytes]) -> None:
    """Write all pieces, then close; when nobody reads any more the rest is read and thrown away."""
    widen(descriptor)
    stream = await writer(descriptor)
    try:
        async for piece in pieces:
            if not stream.is_closing():
                stream.write(piece)
                with contextlib.suppress(ConnectionError):
                    await stream.drain()
    finally:
        stream.close()


async def read_pieces(descriptor: int) -> AsyncIterator[bytes]:
    """All that comes, until the other side closes."""
    widen(descriptor)
    stream, transport = await reader(descriptor)
    try:
        while piece := await stream.read(_SIZE):
            yield piece
    finally:
        transport.close()
