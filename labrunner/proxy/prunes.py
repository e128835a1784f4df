"""Rules for prunes: the scope lists and removes one by one, and never asks the engine to prune.

Engines before API 1.29 ignore a prune's filters, and Podman joins two labels by "or".
"""

from __future__ import annotations

import http.client
from collections.abc import Collection, Mapping
from typing import Any

from labrunner.engine.api import ApiError
from labrunner.engine.objects import timestamp
from labrunner.engine.references import full_id
from labrunner.engine.removal import Change, remove_image, remove_name
from labrunner.proxy.call import Answer, Call, Plan
from labrunner.proxy.filters import Filters
from labrunner.proxy.images import forget, is_labelled
from labrunner.proxy.scope import Scope, is_anonymous

_STOPPED = {"created", "exited", "dead"}


def containers(scope: Scope, call: Call, _: bytes) -> Plan:
    """Remove one's own stopped containers."""
    filters = Filters.parse(call.value("filters"))
    gone, freed = [], 0
    own = scope.made("container")
    for row in scope.engine.api.json("GET", "/containers/json", all="1"):
        if row["Id"] not in own or not is_stopped(row) or not filters.match(row.get("Labels"), row["Created"]):
            continue
        size = scope.engine.api.find(f"/containers/{row['Id']}/json", size="1") or {}
        if _remove(scope, f"/containers/{row['Id']}"):
            gone.append(row["Id"])
            freed += size.get("SizeRw") or 0
            scope.ledger.forget(own[row["Id"]])
    return Answer({"ContainersDeleted": gone or None, "SpaceReclaimed": freed})


def is_stopped(row: Mapping[str, Any]) -> bool:
    """Whether a container of the engine's list is one that a prune takes."""
    return row.get("State") in _STOPPED


def networks(scope: Scope, call: Call, _: bytes) -> Plan:
    """Remove one's own networks that nothing runs in."""
    filters = Filters.parse(call.value("filters"))
    gone = []
    own = scope.made("network")
    for row in scope.engine.api.json("GET", "/networks"):
        if row["Id"] not in own or not filters.match(row.get("Labels"), _seconds(row.get("Created"))):
            continue
        found = scope.look("network", row["Id"])
        if found and not found.get("Containers") and _remove(scope, f"/networks/{row['Id']}"):
            gone.append(row["Name"])
            scope.ledger.forget(own[row["Id"]])
    return Answer({"NetworksDeleted": gone or None})


def volumes(scope: Scope, call: Call, _: bytes) -> Plan:
    """Remove one's own unused volumes: since API 1.42 only the anonymous ones, unless all are asked for."""
    filters = Filters.parse(call.value("filters"))
    named = filters.every or not call.since(1, 42)
    own = scope.made("volume")
    gone, freed = [], 0
    rows = scope.engine.api.json("GET", "/volumes", filters={"dangling": ["true"]}).get("Volumes") or ()
    meant = [
        row
        for row in rows
        if scope.owns("volume", row) and (named or is_anonymous(row["Name"])) and filters.match(row.get("Labels"))
    ]
    sizes = _volume_sizes(scope) if meant else {}
    for row in meant:
        if _remove(scope, f"/volumes/{row['Name']}"):
            gone.append(row["Name"])
            freed += sizes.get(row["Name"], 0)
            scope.ledger.forget(own[row["Name"]])
    return Answer({"VolumesDeleted": gone or None, "SpaceReclaimed": freed})


def images(scope: Scope, call: Call, _: bytes) -> Plan:
    """Remove one's own images without a name, or all that no container uses; pulled ones stay."""
    filters = Filters.parse(call.value("filters"))
    rows = {row["Id"]: row for row in scope.engine.api.json("GET", "/images/json", all="1")}
    used = {row["ImageID"] for row in scope.engine.api.json("GET", "/containers/json", all="1")}
    own = scope.ledger.own(scope.home)
    changes: list[Change] = []
    freed = 0
    for identity, row in tuple(rows.items()):
        if not own.image(identity) or not filters.match(row.get("Labels"), row["Created"]):
            continue
        if is_unused_image(row, rows.values(), used, every=filters.dangling is False):
            gone = _remove_image(scope, row)
            changes += gone
            if any("Deleted" in change for change in gone):
                freed += row.get("Size", 0)
                del rows[identity]
    forget(scope, changes)
    return Answer({"ImagesDeleted": changes or None, "SpaceReclaimed": freed})


def is_unused_image(
    row: Mapping[str, Any], rows: Collection[Mapping[str, Any]], used: Collection[str], *, every: bool
) -> bool:
    """Whether a prune means an image: no container and no other image stands on it, and it has no name.

    With ``every`` one that was made in a lab may have names.
    """
    if row["Id"] in used or any(full_id(other.get("ParentId") or "") == row["Id"] for other in rows):
        return False
    return not _names(row) or (every and is_labelled(row))


def build_cache(_scope: Scope, _call: Call, _body: bytes) -> Plan:
    """The cache has no owner, so nothing of it goes."""
    return Answer({"CachesDeleted": None, "SpaceReclaimed": 0})


def _remove_image(scope: Scope, row: Mapping[str, Any]) -> list[Change]:
    """Remove an image, or one's own names of it where a stranger has given it another one."""
    own = scope.ledger.own(scope.home)
    tags = [tag for tag in row.get("RepoTags") or () if "<none>" not in tag]
    mine = [tag for tag in tags if scope.owns_reference(tag, row["Id"])]
    try:
        if mine == tags:
            return remove_image(scope.engine, row["Id"], own)
        return [change for tag in mine for change in remove_name(scope.engine, tag, own)]
    except ApiError as error:
        if error.status in {http.client.NOT_FOUND, http.client.CONFLICT}:
            return []
        raise


def _names(row: Mapping[str, Any]) -> list[str]:
    return [name for name in [*(row.get("RepoTags") or ()), *(row.get("RepoDigests") or ())] if "<none>" not in name]


def _remove(scope: Scope, path: str) -> bool:
    """Remove one object; False where it is gone or in use."""
    try:
        scope.engine.api.json("DELETE", path)
    except ApiError as error:
        if error.status in {http.client.FORBIDDEN, http.client.NOT_FOUND, http.client.CONFLICT}:
            return False
        raise
    return True


def _volume_sizes(scope: Scope) -> Mapping[str, int]:
    found = scope.engine.api.json("GET", "/system/df")
    sizes = {row["Name"]: (row.get("UsageData") or {}).get("Size", 0) for row in found.get("Volumes") or ()}
    return {name: size for name, size in sizes.items() if size > 0}


def _seconds(text: str | None) -> float | None:
    found = timestamp(text or "")
    return found.timestamp() if found else None
