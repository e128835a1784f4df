"""The daemon's side of every connection to zygote, shims and workers: messages in order, without waiting in a thread.

Same bytes as ``labrunner.runtime.channel``; an answer belongs to the oldest question that has none yet.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from labrunner.runtime import channel, folder
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.messages import VERSION, Attached, ExecExited, Exited, Failed, Hello, Message

_LENGTH = 4
#: What comes without a question.
News = Exited | ExecExited
OnNews = Callable[["Peer", News | None], None]
Answer = tuple[Message, list[int]]


class Peer:
    """One connection. ``on_news`` gets what comes without a question, and None once at the connection's end."""

    def __init__(self, connection: socket.socket, on_news: OnNews | None = None) -> None:
        connection.setblocking(False)  # noqa: FBT003 - the one thing that this function sets
        self.connection = connection
        self._on_news = on_news
        self._loop = asyncio.get_running_loop()
        self._asked: deque[asyncio.Future[Answer]] = deque()
        self._head = bytearray()
        self._content = bytearray()
        self._descriptors: list[int] = []
        self._unsent = bytearray()
        self._open = True
        self._loop.add_reader(connection, self._read)
        self._greeting: asyncio.Future[Hello] = self._loop.create_future()
        self._greeting.add_done_callback(_mark_seen)
        self.send(Hello())

    @property
    def is_open(self) -> bool:
        """Whether the other side is still there."""
        return self._open

    async def greeted(self) -> None:
        """Wait for the other side's Hello. RuntimeFailure where it is of another version, or gone."""
        hello = await asyncio.shield(self._greeting)
        if hello.version != VERSION:
            raise RuntimeFailure(
                Kind.OTHER_VERSION, f"a process of version {VERSION} was expected, and it is of version {hello.version}"
            )

    def listen(self, on_news: OnNews) -> None:
        """Give what comes without a question to somebody else."""
        self._on_news = on_news

    def ask(self, message: Message, descriptors: Sequence[int] = ()) -> asyncio.Future[Answer]:
        """Send a message now; the future is its answer, and fails with RuntimeFailure for ``Failed`` or no answer."""
        future = self.expect()
        self.send(message, descriptors)
        return future

    def expect(self) -> asyncio.Future[Answer]:
        """The next answer, of a worker that was told its task when it was forked."""
        future: asyncio.Future[Answer] = self._loop.create_future()
        future.add_done_callback(_mark_seen)
        self._asked.append(future)
        return future

    def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Send a message that has no answer. What the other side does not take at once follows later."""
        if not self._open:
            self._end()
            return
        whole = channel.encode(message)
        if self._unsent and not descriptors:
            self._unsent += whole
            return
        try:
            sent = socket.send_fds(self.connection, [whole], list(descriptors)) if descriptors else self._send(whole)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._end()
            return
        if sent < len(whole):
            self._unsent += whole[sent:]
            self._loop.add_writer(self.connection, self._write)

    def take_over(self) -> socket.socket:
        """The socket, for what is no message any more (``Attached``); the peer lets go of it."""
        self._loop.remove_reader(self.connection)
        self._open = False
        return self.connection

    def close(self) -> None:
        """End the connection; what was asked fails."""
        self._on_news = None
        self._end()

    def _send(self, content: bytes | bytearray) -> int:
        return self.connection.send(content)

    def _write(self) -> None:
        try:
            sent = self._send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            self._end()
            return
        del self._unsent[:sent]
        if not self._unsent:
            self._loop.remove_writer(self.connection)

    def _read(self) -> None:
        """Take what is there, never a byte behind a message: after ``Attached`` come frames, for somebody else."""
        try:
            while self._open:
                message, descriptors = self._next()
                if isinstance(message, Attached):
                    self._loop.remove_reader(self.connection)
                self._take(message, descriptors)
                if isinstance(message, Attached):
                    return
        except (BlockingIOError, InterruptedError):
            pass
        except (OSError, EOFError, RuntimeFailure):
            self._end()

    def _next(self) -> Answer:
        while len(self._head) < _LENGTH:
            piece, descriptors, _, _ = socket.recv_fds(
                self.connection, _LENGTH - len(self._head), channel.MAX_DESCRIPTORS
            )
            if not piece:
                raise EOFError
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)  # noqa: FBT003 - the one thing that this function sets
            self._descriptors += descriptors
            self._head += piece
        length = channel.length_of(bytes(self._head))
        while len(self._content) < length:
            content = self.connection.recv(length - len(self._content))
            if not content:
                raise EOFError
            self._content += content
        message, descriptors = channel.decode(bytes(self._content)), self._descriptors
        self._head.clear()
        self._content.clear()
        self._descriptors = []
        return message, descriptors

    def _take(self, message: Message, descriptors: list[int]) -> None:
        if isinstance(message, Exited | ExecExited):
            if self._on_news is not None:
                self._on_news(self, message)
            return
        if isinstance(message, Hello):
            if not self._greeting.done():
                self._greeting.set_result(message)
            return
        if isinstance(message, Failed) and not self._greeting.done():
            self._greeting.set_exception(RuntimeFailure(message.kind, message.says, errno=message.errno))
        future = self._asked.popleft() if self._asked else None
        if future is None or future.done():
            channel.close(descriptors)
        elif isinstance(message, Failed):
            future.set_exception(RuntimeFailure(message.kind, message.says, errno=message.errno))
        else:
            future.set_result((message, descriptors))

    def _end(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self.connection)
            self._loop.remove_writer(self.connection)
            self.connection.close()
            channel.close(self._descriptors)
        waiting: list[asyncio.Future[Hello] | asyncio.Future[Answer]] = [self._greeting, *self._asked]
        for future in waiting:
            if not future.done():
                future.set_exception(RuntimeFailure(Kind.BROKEN, "a process of the engine ended before it answered"))
        self._asked.clear()
        if self._on_news is not None:
            on_news, self._on_news = self._on_news, None
            on_news(self, None)


def _mark_seen(future: asyncio.Future[Answer] | asyncio.Future[Hello]) -> None:
    """A failure that nobody waited for is told by the connection's end as well."""
    if not future.cancelled():
        future.exception()


async def connect(run_folder: Path, on_news: OnNews | None = None) -> Peer:
    """Connect to a shim by its run folder. RuntimeFailure where none listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    connection.setblocking(False)  # noqa: FBT003 - as above
    try:
        descriptor = os.open(run_folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            await _connect(connection, folder.socket_path(descriptor))
        finally:
            os.close(descriptor)
    except OSError as error:
        connection.close()
        raise RuntimeFailure(Kind.NOT_RUNNING, f"the container's shim does not answer: {error.strerror}") from error
    peer = Peer(connection, on_news)
    with contextlib.ExitStack() as undo:
        undo.callback(peer.close)
        await peer.greeted()
        undo.pop_all()
    return peer


async def _connect(connection: socket.socket, path: str) -> None:
    for pause in (0.001, 0.01, 0.1, 0.5):  # a full queue of connections answers EAGAIN (connect(2))
        try:
            return connection.connect(path)
        except BlockingIOError:
            await asyncio.sleep(pause)
    connection.connect(path)
    return None
