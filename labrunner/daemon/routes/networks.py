"""Networks and volumes, as far as clients ask for them: the three networks, and no volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labrunner.daemon import networks
from labrunner.daemon.answers import Answer, Json
from labrunner.daemon.engine import Engine
from labrunner.daemon.errors import ApiError
from labrunner.daemon.requests import Request
from labrunner.daemon.times import iso

_FILTERS = frozenset({"dangling", "driver", "id", "label", "name", "scope", "type"})


async def listed(engine: Engine, request: Request, _name: str) -> Answer:
    """GET /networks."""
    filters = request.filters(_FILTERS)
    names, kinds = filters.get("name", ()), filters.get("type", ())
    found = [
        network
        for network in networks.all_networks(iso(engine.started_at))
        if (not names or any(name in network["Name"] for name in names))
        and "custom" not in kinds
        and all(network["Id"].startswith(value) for value in filters.get("id", ()))
        and all(network["Driver"] == value for value in filters.get("driver", ()))
        and not filters.get("label")
    ]
    return Json(found)


async def inspected(engine: Engine, _request: Request, name: str) -> Answer:
    """GET /networks/NAME."""
    return Json(networks.find(name, iso(engine.started_at)))


async def removed(engine: Engine, _request: Request, name: str) -> Answer:
    """DELETE /networks/NAME."""
    found = networks.find(name, iso(engine.started_at))
    raise ApiError(403, f"{found['Name']} is a pre-defined network and cannot be removed")


async def pruned(_engine: Engine, _request: Request, _name: str) -> Answer:
    """POST /networks/prune."""
    return Json({"NetworksDeleted": None})


async def volumes(_engine: Engine, request: Request, _name: str) -> Answer:
    """GET /volumes."""
    request.filters(_FILTERS)
    return Json({"Volumes": [], "Warnings": None})


async def volume(_engine: Engine, _request: Request, name: str) -> Answer:
    """GET /volumes/NAME."""
    raise ApiError(404, f"get {name}: no such volume")


async def volumes_pruned(_engine: Engine, _request: Request, _name: str) -> Answer:
    """POST /volumes/prune."""
    return Json({"VolumesDeleted": [], "SpaceReclaimed": 0})


ROUTES: Mapping[str, Any] = {
    "GET /networks": listed,
    "GET /networks/*": inspected,
    "DELETE /networks/*": removed,
    "POST /networks/prune": pruned,
    "GET /volumes": volumes,
    "GET /volumes/*": volume,
    "POST /volumes/prune": volumes_pruned,
}
