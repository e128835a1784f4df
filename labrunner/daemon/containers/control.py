"""What clients do to a container that is there: stop, kill, restart, wait, rename, update, resize."""

from __future__ import annotations

import asyncio
import contextlib
import signal

from msgspec.structs import asdict, replace

from labrunner.daemon.containers.container import Container, Status
from labrunner.daemon.containers.life import Life
from labrunner.daemon.errors import ApiError, bad_request, conflict, not_running, of_runtime
from labrunner.daemon.parts import Parts
from labrunner.daemon.resolve import check, signals, spec
from labrunner.daemon.shapes import UpdateBody
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.messages import Resize, Signal, Update

#: Seconds between the stop signal and SIGKILL, where neither client nor container says.
_PATIENCE = 10
_CONDITIONS = frozenset({"", "not-running", "next-exit", "removed"})


class Control:
    """Does what clients ask for with the containers that there are."""

    def __init__(self, parts: Parts, life: Life) -> None:
        self._parts = parts
        self._life = life

    async def stop(
        self, container: Container, named: str = "", seconds: int | None = None, *, by_hand: bool = True
    ) -> bool:
        """Ask it to end, and make it end after so many seconds (-1: never); False where it does not run. ApiError.

        ``by_hand`` is whether somebody wants it to stay so; else the engine stops, and policies hold at its next start.
        """
        number = signals.number(named or container.record.config.stop_signal or "TERM")
        if by_hand and container.record.host.restart_policy.name not in {"", "no"}:
            self._parts.database.put_container(container.changed(stopped=True))
        if container.status is Status.RESTARTING:
            self._life.cancel_restart(container)
            return True
        if not container.running:
            return False
        patience = container.record.config.stop_timeout if seconds is None else seconds
        patience = _PATIENCE if patience is None else patience
        container.stopping = True
        await self._signal(container, number)
        if not await ended_within(container, patience if patience >= 0 else None):
            await self._signal(container, signal.SIGKILL)
            await ended_within(container, None)
        self._life.tell(container, "stop")
        return True

    async def kill(self, container: Container, named: str) -> None:
        """Send it a signal; after SIGKILL wait for its end. ApiError where it does not run, after which it goes on."""
        number = signals.number(named or "KILL")
        if container.status is Status.RESTARTING:
            self._life.cancel_restart(container)
            return
        if not container.running:
            raise not_running(container.id)
        if number == signal.SIGKILL or number == signals.number(container.record.config.stop_signal or "TERM"):
            container.stopping = True
        await self._signal(container, number)
        if number == signal.SIGKILL:
            await ended_within(container, None)

    async def restart(self, container: Container, named: str, seconds: int | None) -> None:
        """Stop it where it runs, and start it. ApiError."""
        await self.stop(container, named, seconds, by_hand=False)
        await self._life.start(container)
        self._life.tell(container, "restart")

    async def wait(self, container: Container, condition: str) -> int:
        """The exit code, once the condition is met: not-running, next-exit or removed."""
        if condition in {"", "not-running"} and container.status not in {Status.RUNNING, Status.RESTARTING}:
            return container.exit_code
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        waiting = container.gone if condition == "removed" else container.ends
        waiting.add(future)
        try:
            return await future
        finally:
            waiting.discard(future)

    def rename(self, container: Container, name: str) -> None:
        """Give it another name. ApiError."""
        if not name:
            raise bad_request("Neither old nor new names may be empty")
        old = container.name
        try:
            new = check.name(name)
            if new == old:
                raise bad_request("Renaming a container with the same name as its current name")
            self._parts.registry.reserve(new, container.id)
        except ApiError as error:
            if "same name" in error.message:
                raise
            raise ApiError(error.status, f"Error when allocating new name: {error.message}") from None
        self._parts.database.put_container(container.changed(name=new))
        self._parts.registry.release(old)
        self._life.tell(container, "rename", oldName=f"/{old}")

    async def update(self, container: Container, body: UpdateBody) -> None:
        """Set other limits, now if it runs; what the body does not name stays. ApiError."""
        host = container.record.host
        named = {name: value for name, value in asdict(body).items() if value != getattr(_NOTHING, name)}
        if "memory" in named and "memory_swap" not in named and 0 < host.memory_swap < body.memory:
            raise conflict(
                "Memory limit should be smaller than already set memoryswap limit, "
                "update the memoryswap at the same time"
            )
        if "nano_cpus" in named:
            named |= {"cpu_quota": 0, "cpu_period": 0}
        wanted = replace(host, **named)
        check.resources(wanted)
        check.restart_policy(wanted.restart_policy, auto_remove=wanted.auto_remove)
        if container.running and container.shim is not None:
            await self._ask(container, Update(limits=spec.limits(wanted)))
        self._parts.database.put_container(container.changed(host=wanted))
        self._life.tell(container, "update")

    async def resize(self, container: Container, rows: int, columns: int) -> None:
        """Set the size of its terminal. ApiError where it does not run."""
        if not container.running:
            raise not_running(container.id)
        await self._ask(container, Resize(rows=rows, columns=columns))
        self._life.tell(container, "resize", height=str(rows), width=str(columns))

    async def _signal(self, container: Container, number: int) -> None:
        self._life.tell(container, "kill", signal=str(int(number)))
        await self._ask(container, Signal(number=number))

    async def _ask(self, container: Container, message: Signal | Resize | Update) -> None:
        """Ask the shim; that the container has ended meanwhile is no error."""
        if container.shim is None:
            return
        try:
            await container.shim.ask(message)
        except RuntimeFailure as failure:
            if container.running and failure.kind is not Kind.NOT_RUNNING:
                raise of_runtime(failure) from failure


_NOTHING = UpdateBody()


def check_condition(condition: str) -> None:
    """Refuse a condition of wait that there is not. ApiError."""
    if condition not in _CONDITIONS:
        raise bad_request(f'invalid condition: "{condition}"')


async def ended_within(container: Container, seconds: float | None) -> bool:
    """Whether its process ends within so many seconds; without a number it is waited for."""
    if not container.running:
        return True
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    container.stops.add(future)
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(future, seconds)
            return True
    finally:
        container.stops.discard(future)
    return False
