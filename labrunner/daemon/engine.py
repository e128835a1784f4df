"""One engine: its parts, and what is done with them. Routes get this and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from pathlib import Path

from labrunner.daemon.containers.adopt import adopt, wants_start
from labrunner.daemon.containers.container import Container, Status
from labrunner.daemon.containers.control import Control
from labrunner.daemon.containers.life import Life
from labrunner.daemon.containers.registry import Registry
from labrunner.daemon.containers.remove import remove
from labrunner.daemon.database import Database
from labrunner.daemon.errors import ApiError
from labrunner.daemon.events import Events
from labrunner.daemon.execs import Execs
from labrunner.daemon.images.store import Images
from labrunner.daemon.parts import Parts
from labrunner.daemon.sweeper import Sweeper
from labrunner.daemon.zygote import Zygote
from labrunner.runtime.modes import Mode

_log = logging.getLogger(__name__)


class Engine:
    """The engine of one data folder. RuntimeFailure where its database cannot be used."""

    def __init__(self, data: Path, zygote: Zygote, mode: Mode, *, copies: bool) -> None:
        self.started_at = time.time_ns()
        database = Database(data / "db")
        self.parts = Parts(
            data=data,
            mode=mode,
            copies=copies,
            database=database,
            events=Events(),
            zygote=zygote,
            images=Images(database),
            registry=Registry(),
            sweeper=Sweeper(data, zygote),
        )
        self.life = Life(self.parts, self._remove_ended)
        self.control = Control(self.parts, self.life)
        self.execs = Execs(self.life)

    async def begin(self) -> None:
        """Find what an earlier daemon left, and start what is to run whenever the engine does."""
        await adopt(self.parts, self.life)
        for container in self.parts.registry:
            if container.record.host.auto_remove and not container.running:
                await self.remove(container)
            elif wants_start(container):
                try:
                    await self.life.start(container)
                except ApiError as error:
                    _log.warning("%s is not started again: %s", container.name, error.message)

    async def end(self) -> None:
        """Stop all containers, remove what is to be removed, and close the database."""
        running = [
            container for container in self.parts.registry if container.status in {Status.RUNNING, Status.RESTARTING}
        ]
        await asyncio.gather(
            *(self.control.stop(container, by_hand=False) for container in running), return_exceptions=True
        )
        await self.life.finish()
        await self.parts.sweeper.finish()
        self.parts.database.close()

    async def remove(self, container: Container, *, force: bool = False) -> None:
        """Remove a container. ApiError."""
        await remove(self.parts, self.life, self.control, container, force=force)
        self.execs.forget(container)

    async def _remove_ended(self, container: Container) -> None:
        """Of ``--rm``: somebody may be quicker."""
        with contextlib.suppress(ApiError):
            await self.remove(container)
