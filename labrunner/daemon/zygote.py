"""The zygote as the daemon uses it: it forks shims, and workers that do one task each."""

from __future__ import annotations

import socket
from collections.abc import Coroutine, Sequence
from typing import TypeVar

import msgspec

from labrunner.daemon.peers import OnNews, Peer
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.messages import ForkShim, ForkWorker, TaskDone
from labrunner.runtime.spec import ContainerSpec
from labrunner.runtime.storage.tasks import Task

_Result = TypeVar("_Result")


class Zygote:
    """The connection to the zygote. It must be started before anything else is opened."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._peer: Peer | None = None

    async def greet(self) -> None:
        """Wait until it answers. RuntimeFailure where it does not, or is of another version."""
        self._peer = Peer(self._connection)
        await self._peer.greeted()

    def close(self) -> None:
        """Let it end; its shims live on."""
        if self._peer is not None:
            self._peer.close()

    def fork_shim(self, specification: ContainerSpec, on_news: OnNews) -> Peer:
        """Have a shim forked; it gets ready while nobody waits. The peer fails where that went wrong."""
        ours = self._fork(ForkShim(spec=specification))
        return Peer(ours, on_news)

    def work(
        self, task: Task, result: type[_Result], descriptors: Sequence[int] = ()
    ) -> Coroutine[None, None, _Result]:
        """Have a task done: it is begun now, and the descriptors may be closed. RuntimeFailure where it is not done."""
        message = ForkWorker(task=str(task.__struct_config__.tag), arguments=msgspec.Raw(msgspec.json.encode(task)))
        return _result(Peer(self._fork(message, descriptors)), result)

    def _fork(self, message: ForkShim | ForkWorker, descriptors: Sequence[int] = ()) -> socket.socket:
        if self._peer is None or not self._peer.is_open:
            raise RuntimeFailure(Kind.BROKEN, "the engine's zygote is gone: stop the engine, and start it again")
        ours, theirs = socket.socketpair()
        with theirs:
            self._peer.send(message, [theirs.fileno(), *descriptors])
        return ours


async def _result(worker: Peer, result: type[_Result]) -> _Result:
    try:
        answer, _ = await worker.expect()
    finally:
        worker.close()
    if not isinstance(answer, TaskDone):
        raise RuntimeFailure(Kind.BROKEN, f"a worker's result was expected, and it says {answer}")
    return msgspec.json.decode(answer.result, type=result)
