"""One container in the daemon's memory: its record and what its process is doing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from msgspec.structs import replace

from labrunner.daemon.peers import Peer
from labrunner.daemon.records import ContainerRecord
from labrunner.runtime import folder


class Status(StrEnum):
    """A container's state, in the API's words."""

    CREATED = "created"
    RUNNING = "running"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"


@dataclass(eq=False)
class Container:
    """A container. Times are nanoseconds since 1970, 0 for never; ``run`` is its run folder.

    ``starting`` and ``early_end`` are of a start that is under way; ``stopping`` says that somebody wants it to end.
    ``lock`` is held while something starts or removes it; ``shim`` is the connection to its shim, if it has one.
    Told the exit code are ``stops`` at its process's end, ``ends`` once no policy starts it again either, and ``gone``
    when it is removed.
    """

    record: ContainerRecord
    run: Path
    status: Status = Status.CREATED
    pid: int = 0
    exit_code: int = 0
    error: str = ""
    oom: bool = False
    started_at: int = 0
    finished_at: int = 0
    restarts: int = 0
    shim: Peer | None = None
    starting: bool = False
    stopping: bool = False
    early_end: folder.Exit | None = None
    restarter: asyncio.Task[None] | None = None
    execs: set[str] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    stops: set[asyncio.Future[int]] = field(default_factory=set)
    ends: set[asyncio.Future[int]] = field(default_factory=set)
    gone: set[asyncio.Future[int]] = field(default_factory=set)

    @property
    def id(self) -> str:
        """Its 64 digits."""
        return self.record.id

    @property
    def name(self) -> str:
        """Its name, without a slash."""
        return self.record.name

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self.status is Status.RUNNING

    def changed(self, **fields: object) -> ContainerRecord:
        """Its record with other fields."""
        self.record = replace(self.record, **fields)
        return self.record

    def attributes(self) -> dict[str, str]:
        """What an event says about it."""
        return {**(self.record.config.labels or {}), "image": self.record.config.image, "name": self.name}

    def has_started(self, state: folder.State) -> None:
        """Its process runs."""
        self.status, self.pid, self.started_at = Status.RUNNING, state.pid, state.started_at
        self.exit_code, self.error, self.oom = 0, "", False

    def has_ended(self, end: folder.Exit) -> None:
        """Its process ended."""
        self.status, self.pid, self.shim = Status.EXITED, 0, None
        self.exit_code, self.oom, self.finished_at = end.code, end.oom, end.at
        tell(self.stops, end.code)


def tell(waiting: set[asyncio.Future[int]], code: int) -> None:
    """Tell all that wait, once."""
    for future in waiting:
        if not future.done():
            future.set_result(code)
    waiting.clear()
