"""After a start of the daemon: which containers there are, what they did meanwhile, and what nobody names any more.

The run folders outlived the daemon that was killed; the shims of what runs are asked again, and others are sent home.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Set as AbstractSet
from pathlib import Path

from labrunner.daemon.containers.container import Container, Status
from labrunner.daemon.containers.life import Life
from labrunner.daemon.parts import Parts
from labrunner.daemon.peers import connect
from labrunner.daemon.records import ContainerRecord
from labrunner.runtime import folder, identity
from labrunner.runtime.cgroups import layout
from labrunner.runtime.cgroups.group import Group, engine_of, leftovers
from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.messages import Dismiss

_KILLED = folder.Exit(code=255, at=0, says="the container's shim was killed")


async def adopt(parts: Parts, life: Life) -> None:
    """Find all containers again, and sweep what no row names."""
    boot = identity.boot_id()
    for record in parts.database.containers():
        container = _read(record, parts.data / "run" / record.id)
        parts.registry.add(container)
        await _meet(container, life, boot)
    for path in (parts.data / "run").iterdir():
        if path.name not in {container.id for container in parts.registry}:
            await _send_home(path, boot)
            parts.sweeper.throw_away(path)
    running = {container.id for container in parts.registry if container.running}
    await asyncio.to_thread(_sweep_groups, parts.data, running)
    _sweep_images(parts)


def _read(record: ContainerRecord, run: Path) -> Container:
    """A container as its run folder tells it; running where no end is written down."""
    container = Container(record=record, run=run)
    state = folder.read(run, folder.STATE, folder.State)
    end = folder.read(run, folder.EXIT, folder.Exit)
    if state is not None:
        container.has_started(state)
        if end is not None and end.at >= state.started_at:
            container.has_ended(end)
    elif end is not None:
        container.exit_code, container.error = end.code, end.says
    return container


async def _meet(container: Container, life: Life, boot: str) -> None:
    """Ask the shim of what runs, and tell one that waits for a start that nobody will start it."""
    if not container.running:
        await _dismiss(container.run)
        return
    try:
        life.adopt(container, await connect(container.run))
    except RuntimeFailure:
        await _send_home(container.run, boot)
        container.has_ended(folder.read(container.run, folder.EXIT, folder.Exit) or _KILLED)


async def _send_home(run: Path, boot: str) -> None:
    """End what a run folder's shim and process do, if they are still the same ones."""
    await _dismiss(run)
    state = folder.read(run, folder.STATE, folder.State)
    if state is not None and identity.is_alive(state.pid, state.start_time, boot):
        with contextlib.suppress(OSError):
            os.kill(state.pid, signal.SIGKILL)


async def _dismiss(run: Path) -> None:
    with contextlib.suppress(RuntimeFailure):
        shim = await connect(run)
        shim.send(Dismiss())
        shim.close()


def _sweep_groups(data: Path, running: AbstractSet[str]) -> None:
    """Control groups whose shim was killed, with whatever is still in them; takes a second where that resists."""
    where, engine = layout.host(), engine_of(str(data))
    for name in leftovers(where, engine):
        if name not in running:
            group = Group(where, engine, name)
            group.kill()
            with contextlib.suppress(OSError):
                group.remove()


def _sweep_images(parts: Parts) -> None:
    """Files of images that no row names, and what was not whole when the daemon was killed."""
    layers = {layer.name for layer in parts.images.layers().values()}
    blobs = {layer.blob for layer in parts.images.layers().values()} | {image.id for image in parts.images}
    for path in (parts.data / "layers").iterdir():
        if path.name not in layers:
            parts.sweeper.throw_away(path)
    for path in (parts.data / "blobs" / "sha256").iterdir():
        if f"sha256:{path.name}" not in blobs:
            parts.sweeper.throw_away(path)
    for path in (parts.data / "tmp").iterdir():
        parts.sweeper.remove(path)


def wants_start(container: Container) -> bool:
    """Whether its policy starts it when the engine starts (Docker's rules)."""
    policy = container.record.host.restart_policy.name
    if container.status is not Status.EXITED:
        return False
    if policy == "on-failure":
        return container.exit_code != 0 and not container.record.stopped
    return policy == "always" or (policy == "unless-stopped" and not container.record.stopped)
