"""One engine: its parts, and what is done with them. Routes get this and nothing else."""

from __future__ import annotations

from pathlib import Path

from labrunner.daemon.containers.container import Container
from labrunner.daemon.containers.control import Control
from labrunner.daemon.containers.life import Life
from labrunner.daemon.containers.registry import Registry
from labrunner.daemon.containers.remove import remove
from labrunner.daemon.database import Database
from labrunner.daemon.events import Events
from labrunner.daemon.execs import Execs
from labrunner.daemon.images.store import Images
from labrunner.daemon.parts import Parts
from labrunner.daemon.sweeper import Sweeper
from labrunner.daemon.zygote import Zygote


class Engine:
    """The engine of one data folder. RuntimeFailure where its database cannot be used."""

    def __init__(self, data: Path, zygote: Zygote) -> None:
        database = Database(data / "db")
        self.parts = Parts(
            data=data,
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

    async def remove(self, container: Container, *, force: bool = False) -> None:
        """Remove a container. ApiError."""
        await remove(self.parts, self.life, self.control, container, force=force)
        self.execs.forget(container)

    async def _remove_ended(self, container: Container) -> None:
        """Of ``--rm``: somebody may have been quicker."""
        if container in self.parts.registry:
            await self.remove(container)
