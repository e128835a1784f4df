"""Remove images so that nothing goes that was not meant.

The engine's own removal takes an image's untagged parents along, whoever made them, and the last name of an image takes
the image. Here each object that may go is named by whoever asks (``own``), and the engine is asked for one at a time.
Podman cannot be asked to spare the parents, but spares what has a name (docs/decisions/0006-podman.md).
"""

from __future__ import annotations

import http.client
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from labrunner.engine.api import ApiError
from labrunner.engine.engine import Engine
from labrunner.engine.references import full_id

#: What an engine says of a removal: ``{"Untagged": reference}`` or ``{"Deleted": ID}``.
Change = Mapping[str, str]


@dataclass(frozen=True)
class Own:
    """What may go: image IDs, and references that still name the image that they were given to."""

    image: Callable[[str], bool]
    reference: Callable[[str, str], bool]


def remove_name(engine: Engine, reference: str, own: Own, *, force: bool = False) -> list[Change]:
    """Take a reference from its image, and the image with its last one, and the parents that then are nobody's.

    ApiError as the engine answers; 409 where the image would go and is not one's own.
    """
    found = engine.api.json("GET", f"/images/{reference}/json")
    others = {*(found.get("RepoTags") or ()), *(found.get("RepoDigests") or ())}
    if not own.image(found["Id"]) and len(others) <= 1:
        raise ApiError(
            http.client.CONFLICT,
            f"{reference} is the last name of the image {found['Id'][7:19]}, which was not made in this lab",
        )
    return [*_delete(engine, reference, _parent(found), force=force), *_remove_parents(engine, found, own)]


def remove_image(engine: Engine, identity: str, own: Own, *, force: bool = False) -> list[Change]:
    """Remove an image by its full ID, with those of its names that are one's own and its digests.

    ApiError as the engine answers; 409 where it has a name of somebody else.
    """
    found = engine.api.json("GET", f"/images/{identity}/json")
    tags = [tag for tag in found.get("RepoTags") or () if not tag.startswith("<none>")]
    strange = [tag for tag in tags if not own.reference(tag, identity)]
    if strange:
        raise ApiError(
            http.client.CONFLICT, f"the image {identity[7:19]} is also named {strange[0]}, which is not this lab's name"
        )
    changes: list[Change] = []
    for name in [*tags, *(found.get("RepoDigests") or ())]:
        if not name.startswith("<none>") and engine.image(name) is not None:
            changes += _delete(engine, name, _parent(found), force=force)
    if engine.image(identity) is not None:
        changes += _delete(engine, identity, _parent(found), force=force)
    return [*changes, *_remove_parents(engine, found, own)]


def _remove_parents(engine: Engine, found: Mapping[str, Any], own: Own) -> list[Change]:
    """Remove the untagged parents that are one's own and that nothing else stands on, if the image itself is gone."""
    changes: list[Change] = []
    if engine.image(found["Id"]) is not None:
        return changes
    parent = _parent(found)
    while parent and own.image(parent):
        above = engine.api.find(f"/images/{parent}/json")
        if above is None or above.get("RepoTags") or above.get("RepoDigests"):
            break
        if engine.is_podman and parent in engine.parents().values():  # Docker refuses that by itself
            break
        try:
            changes += _delete(engine, parent, _parent(above), force=False)
        except ApiError as error:
            if error.status == http.client.CONFLICT:  # another image or a container stands on it
                break
            raise
        parent = _parent(above)
    return changes


def _parent(found: Mapping[str, Any]) -> str:
    """The ID of the image that one was built on; empty for none."""
    return full_id(found.get("Parent") or "")


def _delete(engine: Engine, name: str, parent: str, *, force: bool) -> list[Change]:
    """Remove what the name names, and spare its parent."""
    query = {"noprune": "1", **({"force": "1"} if force else {})}
    with _named(engine, parent):
        rows = engine.api.json("DELETE", f"/images/{name}", **query) or ()
    return [{what: full_id(it) if what == "Deleted" else it for what, it in row.items()} for row in rows]


@contextmanager
def _named(engine: Engine, identity: str) -> Iterator[None]:
    """Give an image a name for a while on Podman, whose own API takes it away without the image (ImageUntagLibpod)."""
    if not identity or not engine.is_podman:
        yield
        return
    name = {"repo": "localhost/labrunner-spared", "tag": secrets.token_hex(8)}
    engine.libpod.bytes("POST", f"/libpod/images/{identity}/tag", **name)
    try:
        yield
    finally:
        engine.libpod.bytes("POST", f"/libpod/images/{identity}/untag", **name)
