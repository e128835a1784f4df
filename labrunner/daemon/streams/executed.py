"""A client joined to the streams of an exec, which never pass the shim: pipes or the terminal's master end."""

from __future__ import annotations

import asyncio

from labrunner.daemon import pipes
from labrunner.daemon.execs import Ends, Exec
from labrunner.daemon.streams.client import STDERR, STDOUT, Client, head_was_read

_ENOUGH = 1 << 16
#: Seconds in which what is left of a process's output is waited for, where a grandchild holds the pipe open.
_GRACE = 2.0


class _Output:
    """Carries one stream of output to the client."""

    def __init__(self, client: Client | None, number: int, descriptor: int) -> None:
        self._client = client
        self._number = number
        self._descriptor = descriptor
        self.waits = False  # for the process, not for the client

    async def carry(self) -> None:
        """Until the process's end of it is closed."""
        stream, transport = await pipes.reader(self._descriptor)
        try:
            while True:
                self.waits = True
                content = await stream.read(_ENOUGH)
                self.waits = False
                if not content:
                    return
                if self._client is not None:
                    await self._client.write(self._number, content)
        except OSError:
            return  # a terminal's end: EIO
        finally:
            transport.close()


async def serve(made: Exec, ends: Ends, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry all streams until the process has ended and its output was sent."""
    client = Client(reader, writer, tty=made.body.tty)
    await head_was_read(writer)
    feeding = asyncio.create_task(_feed(client, ends.stdin)) if ends.stdin >= 0 else None
    try:
        await _carry(made, ends, client)
    finally:
        if feeding is not None:
            feeding.cancel()


async def discard(made: Exec, ends: Ends) -> None:
    """Read a terminal that nobody looks at, or its process would stop when it is full."""
    if ends.stdin >= 0:
        (await pipes.writer(ends.stdin)).close()
    await _carry(made, ends, None)


async def _carry(made: Exec, ends: Ends, client: Client | None) -> None:
    outputs = [
        _Output(client, number, descriptor)
        for number, descriptor in ((STDOUT, ends.stdout), (STDERR, ends.stderr))
        if descriptor >= 0
    ]
    carrying = [asyncio.create_task(output.carry()) for output in outputs]
    try:
        await made.ended.wait()
        while carrying:
            _, rest = await asyncio.wait(carrying, timeout=_GRACE)
            if not rest or all(output.waits for output in outputs):
                break
    finally:
        for task in carrying:
            task.cancel()


async def _feed(client: Client, descriptor: int) -> None:
    """Input until the client's half-close, which closes a pipe; of a terminal another descriptor stays open."""
    stream = await pipes.writer(descriptor)
    try:
        while content := await client.read():
            stream.write(content)
            await stream.drain()
    except OSError:
        return  # the process reads no more
    finally:
        stream.close()
