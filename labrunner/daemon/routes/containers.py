"""Containers: made, listed, looked at, started, stopped, removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from labrunner.daemon.answers import Answer, Empty, Json, Stream, json_line
from labrunner.daemon.containers import views
from labrunner.daemon.containers.container import Container, Status
from labrunner.daemon.containers.control import check_condition
from labrunner.daemon.containers.create import create
from labrunner.daemon.containers.filters import KNOWN, PRUNE, Matcher, shows_all
from labrunner.daemon.containers.remove import written
from labrunner.daemon.containers.top import top
from labrunner.daemon.engine import Engine
from labrunner.daemon.errors import ApiError, bad_request, not_built, not_running
from labrunner.daemon.requests import Request
from labrunner.daemon.shapes import CreateBody, UpdateBody

_NOT_MODIFIED = 304


async def listed(engine: Engine, request: Request, _name: str) -> Answer:
    """GET /containers/json: the newest first."""
    filters, limit = request.filters(KNOWN), request.number("limit") or 0
    parts = engine.parts
    matches = Matcher(filters, parts.registry, parts.images)
    everything = request.yes("all") or limit > 0 or shows_all(filters)
    found = sorted(parts.registry, key=lambda container: container.record.created, reverse=True)
    found = [each for each in found if (everything or _is_up(each)) and matches(each)]
    found = found[:limit] if limit > 0 else found
    shown = [views.summary(container) for container in found]
    if request.yes("size"):
        for container, row in zip(found, shown, strict=True):
            row.update(await _sizes(engine, container))
    return Json(shown)


async def created(engine: Engine, request: Request, _name: str) -> Answer:
    """POST /containers/create."""
    container, warnings = create(engine.parts, engine.life, request.json(CreateBody), request.text("name"))
    return Json({"Id": container.id, "Warnings": warnings}, status=201)


async def inspected(engine: Engine, request: Request, name: str) -> Answer:
    """GET /containers/ID/json."""
    container = engine.parts.registry.find(name)
    sizes = await _sizes(engine, container) if request.yes("size") else {}
    return Json({**views.details(container), **sizes})


async def started(engine: Engine, _request: Request, name: str) -> Answer:
    """POST /containers/ID/start."""
    done = await engine.life.start(engine.parts.registry.find(name))
    return Empty() if done else Empty(_NOT_MODIFIED)


async def stopped(engine: Engine, request: Request, name: str) -> Answer:
    """POST /containers/ID/stop."""
    container = engine.parts.registry.find(name)
    done = await engine.control.stop(container, request.text("signal"), request.number("t"))
    return Empty() if done else Empty(_NOT_MODIFIED)


async def restarted(engine: Engine, request: Request, name: str) -> Answer:
    """POST /containers/ID/restart."""
    await engine.control.restart(engine.parts.registry.find(name), request.text("signal"), request.number("t"))
    return Empty()


async def killed(engine: Engine, request: Request, name: str) -> Answer:
    """POST /containers/ID/kill."""
    try:
        await engine.control.kill(engine.parts.registry.find(name), request.text("signal"))
    except ApiError as error:
        if error.message.startswith("Invalid"):
            raise
        raise ApiError(error.status, f"Cannot kill container: {name}: {error.message}") from None
    return Empty()


async def waited(engine: Engine, request: Request, name: str) -> Answer:
    """POST /containers/ID/wait: the headers at once, since clients send this before they start the container."""
    container = engine.parts.registry.find(name)
    condition = request.text("condition")
    check_condition(condition)
    waiting = asyncio.ensure_future(engine.control.wait(container, condition))
    await asyncio.sleep(0)  # it waits from now on, whatever the client does next

    async def code() -> AsyncIterator[bytes]:
        try:
            yield json_line({"StatusCode": await waiting})
        finally:
            waiting.cancel()

    return Stream(code(), "application/json")


async def renamed(engine: Engine, request: Request, name: str) -> Answer:
    """POST /containers/ID/rename."""
    engine.control.rename(engine.parts.registry.find(name), request.text("name"))
    return Empty()


async def updated(engine: Engine, request: Request, name: str) -> Answer:
    """POST /containers/ID/update."""
    await engine.control.update(engine.parts.registry.find(name), request.json(UpdateBody))
    return Json({"Warnings": None})


async def resized(engine: Engine, request: Request, name: str) -> Answer:
    """POST /containers/ID/resize."""
    container = engine.parts.registry.find(name)
    await engine.control.resize(container, *size(request))
    return Empty(200)


async def removed(engine: Engine, request: Request, name: str) -> Answer:
    """DELETE /containers/ID."""
    container = engine.parts.registry.find(name)
    if request.yes("link"):
        raise bad_request("Conflict, cannot remove the default link name of the container")
    await engine.remove(container, force=request.yes("force"))
    return Empty()


async def processes(engine: Engine, request: Request, name: str) -> Answer:
    """GET /containers/ID/top."""
    container = engine.parts.registry.find(name)
    if not container.running:
        raise not_running(container.id)
    shown = await top(container.pid, request.text("ps_args"))
    engine.life.tell(container, "top")
    return Json(shown)


async def pruned(engine: Engine, request: Request, _name: str) -> Answer:
    """POST /containers/prune."""
    matches = Matcher(request.filters(PRUNE), engine.parts.registry, engine.parts.images)
    deleted, reclaimed = [], 0
    for container in engine.parts.registry:
        if container.status in {Status.CREATED, Status.EXITED} and matches(container):
            size_of_it = await written(engine.parts, container)
            try:
                await engine.remove(container)
            except ApiError:
                continue  # somebody was quicker
            deleted.append(container.id)
            reclaimed += size_of_it
    engine.parts.events.tell("container", "prune", "", {"reclaimed": str(reclaimed)})
    return Json({"ContainersDeleted": deleted or None, "SpaceReclaimed": reclaimed})


def size(request: Request) -> tuple[int, int]:
    """A terminal's rows and columns. ApiError where they are no numbers."""
    rows, columns = request.number("h"), request.number("w")
    if rows is None or columns is None:
        raise bad_request('strconv.Atoi: parsing "": invalid syntax')
    return min(max(rows, 0), 0xFFFF), min(max(columns, 0), 0xFFFF)


def _is_up(container: Container) -> bool:
    return container.status in {Status.RUNNING, Status.RESTARTING}


async def _sizes(engine: Engine, container: Container) -> dict[str, int]:
    own = await written(engine.parts, container)
    return {"SizeRw": own, "SizeRootFs": own + engine.parts.images.size_of(container.record.image)}


async def not_served(engine: Engine, request: Request, name: str) -> Answer:
    """What Docker does with containers, and this engine not yet."""
    engine.parts.registry.find(name)
    raise not_built(f"{request.path[-1]} of containers yet")


ROUTES: Mapping[str, Any] = {
    "GET /containers/json": listed,
    "POST /containers/create": created,
    "POST /containers/prune": pruned,
    "GET /containers/*/json": inspected,
    "GET /containers/*/top": processes,
    "POST /containers/*/start": started,
    "POST /containers/*/stop": stopped,
    "POST /containers/*/restart": restarted,
    "POST /containers/*/kill": killed,
    "POST /containers/*/wait": waited,
    "POST /containers/*/rename": renamed,
    "POST /containers/*/update": updated,
    "POST /containers/*/resize": resized,
    "DELETE /containers/*": removed,
    **{f"{method} /containers/*/archive": not_served for method in ("GET", "HEAD", "PUT")},
    **{f"GET /containers/*/{what}": not_served for what in ("changes", "export", "stats")},
    **{f"POST /containers/*/{what}": not_served for what in ("pause", "unpause")},
}
