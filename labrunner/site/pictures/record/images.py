"""Record what images are made of: layers that they share, and the writable one of a container."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

from labrunner.engine.standin import LABEL
from labrunner.engine.stock import full_name
from labrunner.model.errors import ToolError
from labrunner.site.pictures.record.workshop import Workshop

Recorded = dict[str, Any]

_KINDS = {0: "changed", 1: "added", 2: "deleted"}  # as the Engine API counts in /containers/{id}/changes


def short(digest: str) -> str:
    """The first digits of a digest: enough to compare by eye."""
    return digest.removeprefix("sha256:")[:7]


def layers(shop: Workshop, files: dict[str, str]) -> Recorded:
    """The layers of nginx, mongo, the Python image and of the app that is built on it."""
    app = shop.name("app")
    shop.build(app, files)
    names = {"nginx": "nginx", "mongo:3.4": "mongo:3.4", "python:3.6.1-alpine": "python:3.6.1-alpine", "your app": app}
    return {"images": [{"name": name, **_layers(shop, reference)} for name, reference in names.items()]}


def _layers(shop: Workshop, reference: str) -> Recorded:
    image = shop.engine.image(reference)
    if image is None:
        raise ToolError(
            f"the recording asked for the image {reference}, and it is missing", next="labrunner images prepare"
        )
    made = [entry for entry in shop.engine.history(reference) if entry.size]
    if len(made) != len(image.layers):
        raise ToolError(
            f"the recording counts {len(image.layers)} layers of {reference} and {len(made)} sizes", next="try again"
        )
    rows = [
        {"diff_id": short(layer), "bytes": entry.size, "made_by": made_by(entry.created_by)}
        for layer, entry in zip(image.layers, made, strict=True)
    ]
    return {"stand_in": image.labels.get(LABEL) == full_name(reference), "layers": rows}


def made_by(line: str) -> str:
    """The instruction of a line of history, and no more: the rest may name the builder's own hosts and files."""
    noted = re.search(r"#\(nop\)\s+(\w+)", line)
    if noted:
        return noted[1]
    known = re.match(r"(COPY|ADD|RUN|WORKDIR)\b", line)
    if known:
        return known[1]
    return "RUN" if line else "FROM"


def overlay(shop: Workshop) -> Recorded:
    """What a container's own layer holds after it has added, changed and deleted a file."""
    made = shop.run("ubuntu", "sleep", "600")
    shop.engine.run_inside(made, "sh", "-c", "echo new > /note; echo '#' >> /etc/bash.bashrc; rm /etc/issue")
    changes = shop.engine.api.json("GET", f"/containers/{made.id}/changes")
    upper = (shop.engine.api.json("GET", f"/containers/{made.id}/json")["GraphDriver"]["Data"] or {}).get("UpperDir")
    rows = [
        {"path": row["Path"], "change": _KINDS[row["Kind"]], "stored_as": _stored(upper, row["Path"])}
        for row in changes
        if row["Path"] in {"/note", "/etc/bash.bashrc", "/etc/issue"}
    ]
    again = shop.run("ubuntu", "sleep", "600")
    beside = shop.engine.run_inside(again, "ls", "/etc/issue", "/etc/bash.bashrc", "/note").split()
    return {
        "driver": shop.engine.api.json("GET", "/info")["Driver"],
        "untouched": "/etc/passwd",
        "changes": sorted(rows, key=lambda row: str(row["path"])),
        "seen_beside": sorted(beside),
    }


def _stored(upper: str | None, path: str) -> str:
    """How a path lies in the upper folder of overlayfs: a deleted file is a device 0/0 (kernel, overlayfs.rst)."""
    try:
        found = os.lstat(Path(upper or "", path.lstrip("/")))
    except (OSError, ValueError) as error:
        raise ToolError(
            "the recording looked at the files of a container's own layer, and may not or cannot read them here",
            next="record as root, on a Docker with the storage driver overlay2",
        ) from error
    if stat.S_ISCHR(found.st_mode) and found.st_rdev == 0:
        return "whiteout"
    return "file"
