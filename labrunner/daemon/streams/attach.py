"""Attach: a client joined to the streams of a container's first process, by way of its shim."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from labrunner.daemon.containers.container import Container
from labrunner.daemon.containers.life import Life
from labrunner.daemon.peers import connect
from labrunner.daemon.streams.client import STDIN, Client, head_was_read
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.messages import Attach, Attached

_HEAD = 5
_LIMIT = 1 << 20


@dataclass(frozen=True)
class Joined:
    """A connection to a shim that carries frames: all output behind ``at``, and input."""

    at: Attached
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def frame(self) -> tuple[int, bytes] | None:
        """The next piece of output and its stream; None when the container has ended and all was sent."""
        try:
            head = await self.reader.readexactly(_HEAD)
            return head[0], await self.reader.readexactly(int.from_bytes(head[1:], "big"))
        except (asyncio.IncompleteReadError, OSError):
            return None

    async def feed(self, content: bytes) -> None:
        """Send input; nothing means that no more will come."""
        with contextlib.suppress(OSError):
            self.writer.write(bytes([STDIN]) + len(content).to_bytes(4, "big") + content)
            await self.writer.drain()

    def close(self) -> None:
        """Leave."""
        self.writer.close()


async def join(life: Life, container: Container, wish: Attach) -> Joined:
    """Join a container that runs, or one that is about to: its shim is forked where there is none. RuntimeFailure."""
    await life.shim(container).greeted()
    peer = await connect(container.run)
    answer, _ = await peer.ask(wish)
    if not isinstance(answer, Attached):
        raise RuntimeFailure(Kind.BROKEN, f"an attached stream was expected, and the shim says {answer}")
    reader, writer = await asyncio.open_unix_connection(sock=peer.take_over(), limit=_LIMIT)
    return Joined(answer, reader, writer)


async def serve(joined: Joined, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, tty: bool) -> None:
    """Carry both ways until the container has ended. Input that nobody wants is read, to learn that the client left."""
    client = Client(reader, writer, tty=tty)
    await head_was_read(writer)
    feeding = asyncio.create_task(_feed(joined, client))
    try:
        while (piece := await joined.frame()) is not None:
            await client.write(*piece)
    finally:
        feeding.cancel()
        joined.close()


async def _feed(joined: Joined, client: Client) -> None:
    while content := await client.read():
        await joined.feed(content)
    await joined.feed(b"")
