"""A container is removed: first its row, then what the row named."""

from __future__ import annotations

import os

from labrunner.daemon.containers.container import Container, Status, tell
from labrunner.daemon.containers.control import Control
from labrunner.daemon.containers.life import Life
from labrunner.daemon.errors import conflict
from labrunner.daemon.parts import Parts
from labrunner.runtime.messages import Dismiss
from labrunner.runtime.storage.tasks import Measure, Measured


async def remove(parts: Parts, life: Life, control: Control, container: Container, *, force: bool = False) -> None:
    """Remove a container; with ``force`` a running one too. ApiError where it runs or somebody removes it already."""
    if container.status is Status.REMOVING:
        raise conflict(f"removal of container {container.id} is already in progress")
    if container.status is Status.RESTARTING:
        life.cancel_restart(container)
    if container.running:
        if not force:
            raise conflict(
                f'cannot remove container "/{container.name}": container is running: '
                "stop the container before removing or force remove"
            )
        await control.kill(container, "KILL")
    async with container.lock:
        container.status = Status.REMOVING
        if container.shim is not None:
            container.shim.send(Dismiss())
            container.shim.close()
            container.shim = None
        parts.database.remove_container(container.id)
        parts.sweeper.throw_away(container.run)
        parts.registry.remove(container)
    life.tell(container, "destroy")
    tell(container.ends, container.exit_code)
    tell(container.gone, container.exit_code)


async def written(parts: Parts, container: Container) -> int:
    """The bytes of the files that a container wrote."""
    measured = await parts.zygote.work(Measure(folder=os.fspath(container.run / "upper")), Measured)
    return measured.size
