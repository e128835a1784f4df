"""What happens to a container: it is started, ends, and is started again where its policy says so.

The daemon only asks: the process belongs to the shim, and what it did is told by the shim or read from the run folder.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from labrunner.daemon import networks
from labrunner.daemon.containers.container import Container, Status, tell
from labrunner.daemon.errors import ApiError, at_start, conflict
from labrunner.daemon.parts import Parts
from labrunner.daemon.peers import News, Peer
from labrunner.daemon.resolve import files, spec
from labrunner.runtime import folder
from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.messages import Exited, Start, Watch
from labrunner.runtime.spec import ContainerSpec, Rootfs
from labrunner.runtime.storage.tasks import CopyRoot, Nothing

#: How long the first restart by a policy waits, and the longest wait; each one doubles it (Docker's numbers).
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 60.0
#: A container that ran this long is well: its next restart waits the first pause again. Nanoseconds.
_WELL = 10 * 10**9


class Life:
    """Starts containers and knows when they end. ``remove`` is called for those that ``--rm`` removes at their end."""

    def __init__(self, parts: Parts, remove: Callable[[Container], Awaitable[None]]) -> None:
        self._parts = parts
        self._remove = remove
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, container: Container, action: str, **more: str) -> None:
        """An event of a container."""
        self._parts.events.tell("container", action, container.id, {**container.attributes(), **more})

    def shim(self, container: Container) -> Peer:
        """The shim of a container, forked now where there is none (any more)."""
        if container.shim is None or not container.shim.is_open:
            specification = self.specification(container)
            make_folder(container)
            return self.fork(container, specification)
        return container.shim

    def specification(self, container: Container) -> ContainerSpec:
        """What a shim is to run. ApiError for what this engine does not do."""
        return spec.container(container.record, container.run, self.root(container))

    def root(self, container: Container) -> Rootfs:
        """Where its files are."""
        layers = self._parts.images.layers_of(container.record.image)
        return spec.rootfs(self._parts.data, container.run, layers, copied=self._parts.copies)

    async def fill(self, container: Container) -> None:
        """Copy the image's files, once, where the host refuses overlays. RuntimeFailure where the disk is full."""
        filled = container.run / folder.FILLED
        if self._parts.copies and not filled.exists():
            make_folder(container)
            await self._parts.zygote.work(CopyRoot(rootfs=self.root(container)), Nothing)
            filled.touch()

    def fork(self, container: Container, specification: ContainerSpec) -> Peer:
        """Have a shim forked for a container."""
        container.shim = self._parts.zygote.fork_shim(specification, self._listener(container))
        return container.shim

    def adopt(self, container: Container, shim: Peer) -> None:
        """A shim that an earlier daemon has left is this one's now."""
        container.shim = shim
        shim.listen(self._listener(container))
        shim.ask(Watch())

    async def start(self, container: Container) -> bool:
        """Start a container; False where it runs already. ApiError where it cannot be started."""
        async with container.lock:
            if container.running:
                return False
            if container.status is Status.REMOVING:
                raise conflict("container is marked for removal and cannot be started")
            self.cancel_restart(container)
            container.restarts = 0
            container.stopping = False
            if container.record.stopped:
                self._parts.database.put_container(container.changed(stopped=False))
            networks.require(container.record.host.network_mode)
            await self._launch(container)
            return True

    def cancel_restart(self, container: Container) -> None:
        """No policy starts it for now."""
        if container.restarter is not None:
            container.restarter.cancel()
            container.restarter = None
        if container.status is Status.RESTARTING:
            container.status = Status.EXITED
            tell(container.ends, container.exit_code)

    async def _launch(self, container: Container) -> None:
        container.starting = True
        try:
            shim = self.shim(container)
            shim.ask(Watch())
            await self.fill(container)
            await shim.ask(Start())
        except RuntimeFailure as failure:
            raise self._not_started(container, at_start(failure)) from failure
        finally:
            container.starting = False
        state = folder.read(container.run, folder.STATE, folder.State)
        if state is None:
            raise self._not_started(container, ApiError(500, "the container's shim wrote down no state"))
        container.has_started(state)
        self.tell(container, "start")
        if container.early_end is not None:
            end, container.early_end = container.early_end, None
            self.ended(container, end)

    def _not_started(self, container: Container, error: ApiError) -> ApiError:
        container.exit_code, container.error = 128 if error.code is None else error.code, error.message
        container.early_end = None
        if container.shim is not None:
            container.shim.close()
            container.shim = None
        if container.status is Status.RESTARTING:
            container.status = Status.EXITED
        tell(container.ends, container.exit_code)
        if container.record.host.auto_remove:
            self._later(self._remove(container))
        return error

    def _listener(self, container: Container) -> Callable[[Peer, News | None], None]:
        return lambda shim, news: self._heard(container, shim, news)

    def _heard(self, container: Container, shim: Peer, news: News | None) -> None:
        """The container ended; or the shim is gone, and then the run folder knows."""
        if container.shim is not shim:
            return
        if isinstance(news, Exited):
            end = folder.Exit(code=news.code, at=news.at, oom=news.oom)
        else:
            container.shim = None
            if not container.running:
                return
            end = how_it_ended(container)
        if container.running:
            self.ended(container, end)
        elif container.starting:
            container.early_end = end

    def ended(self, container: Container, end: folder.Exit) -> None:
        """Its process ended: tell it, and do what was wished for this case."""
        container.has_ended(end)
        self.tell(container, "die", exitCode=str(end.code))
        if container.record.host.auto_remove:
            tell(container.ends, end.code)
            self._later(self._remove(container))
        elif self._wants_restart(container):
            container.status = Status.RESTARTING
            container.restarter = asyncio.get_running_loop().create_task(self._restart(container))
        else:
            tell(container.ends, end.code)

    def _wants_restart(self, container: Container) -> bool:
        policy = container.record.host.restart_policy
        if container.stopping or container.record.stopped:
            return False
        if policy.name == "on-failure":
            most = policy.maximum_retry_count
            return container.exit_code != 0 and (not most or container.restarts < most)
        return policy.name in {"always", "unless-stopped"}

    async def _restart(self, container: Container) -> None:
        if container.finished_at - container.started_at >= _WELL:
            container.restarts = 0
        await asyncio.sleep(min(_FIRST_PAUSE * 2.0**container.restarts, _LONGEST_PAUSE))
        async with container.lock:
            container.restarter = None
            container.restarts += 1
            try:
                await self._launch(container)
            except ApiError as error:
                container.error = error.message

    async def finish(self) -> None:
        """Wait for the removals that are under way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _later(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def make_folder(container: Container) -> None:
    """The run folder with what a shim expects in it. OSError where the disk is full."""
    for part in (container.run, container.run / folder.UPPER, container.run / folder.WORK, container.run / folder.LOG):
        part.mkdir(mode=0o700, exist_ok=True)
    (container.run / folder.UPPER).chmod(0o755)  # the mode of the container's root
    files.write(container.record, container.run)


def how_it_ended(container: Container) -> folder.Exit:
    """What the run folder says of the end of the process that ran last; 255 where the shim itself was killed."""
    end = folder.read(container.run, folder.EXIT, folder.Exit)
    if end is not None and end.at >= container.started_at:
        return end
    return folder.Exit(code=255, at=time.time_ns(), says="the container's shim was killed")
