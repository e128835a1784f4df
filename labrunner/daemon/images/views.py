"""An image as lists, inspect and history show it."""

from __future__ import annotations

from typing import Any

import msgspec

from labrunner.daemon.images.store import Image, Images
from labrunner.daemon.times import iso, moment

_NO_TAGS = ["<none>:<none>"]
_NO_DIGESTS = ["<none>@<none>"]


def created(image: Image) -> int:
    """When it was made, in seconds since 1970; 0 where it does not say."""
    return (moment(str(image.document.get("created") or "")) or 0) // 10**9


def summary(images: Images, image: Image, version: tuple[int, int]) -> dict[str, Any]:
    """A row of the list."""
    names = images.names_of(image)
    old = version < (1, 43)
    shown: dict[str, Any] = {
        "Containers": -1,
        "Created": created(image),
        "Id": image.id,
        "Labels": image.config.labels,
        "ParentId": image.record.parent,
        "RepoDigests": _NO_DIGESTS if old and not names else [],
        "RepoTags": names or (_NO_TAGS if old else []),
        "SharedSize": -1,
        "Size": image.size,
    }
    if version < (1, 44):
        shown["VirtualSize"] = image.size
    return shown


def details(images: Images, image: Image, version: tuple[int, int]) -> dict[str, Any]:
    """What inspect shows."""
    document = image.document
    shown: dict[str, Any] = {
        "Id": image.id,
        "RepoTags": images.names_of(image),
        "RepoDigests": [],
        "Parent": image.record.parent,
        "Comment": document.get("comment", ""),
        "Created": document.get("created") or iso(0),
        "DockerVersion": document.get("docker_version", ""),
        "Author": document.get("author", ""),
        "Config": {**msgspec.to_builtins(image.config), "Image": (document.get("config") or {}).get("Image", "")},
        "Architecture": document.get("architecture", ""),
        "Os": document.get("os", "linux"),
        "Size": image.size,
        "GraphDriver": {"Data": {}, "Name": "overlay2"},
        "RootFS": {"Type": "layers", "Layers": [layer.diff_id for layer in image.record.layers]},
        "Metadata": {"LastTagTime": iso(image.record.tagged)},
    }
    if version < (1, 44):
        shown["VirtualSize"] = image.size
    return shown


def history(images: Images, image: Image) -> list[dict[str, Any]]:
    """How it was made, the last step first; steps that ended in an image that is still there have its ID and names."""
    layers = iter(image.record.layers)
    shown: list[dict[str, Any]] = []
    for step in image.document.get("history") or [{} for _ in image.record.layers]:
        layer = None if step.get("empty_layer") else next(layers, None)
        shown.append(
            {
                "Comment": step.get("comment", ""),
                "Created": (moment(str(step.get("created") or "")) or 0) // 10**9,
                "CreatedBy": step.get("created_by", ""),
                "Id": "<missing>",
                "Size": layer.size if layer else 0,
                "Tags": None,
            }
        )
    step_of: Image | None = image
    while step_of is not None:
        steps = len(step_of.document.get("history") or step_of.record.layers)
        if 0 < steps <= len(shown):
            shown[steps - 1] |= {"Id": step_of.id, "Tags": images.names_of(step_of) or None}
        step_of = images.known(step_of.record.parent)
    shown.reverse()
    return shown
