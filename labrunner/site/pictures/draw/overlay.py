"""What a container's own layer holds, above the image's, and what the container therefore sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labrunner.site.pictures.picture import Picture
from labrunner.site.pictures.shapes import NOTHING, Box, Look, Row, Text, cell, heads
from labrunner.site.pictures.words import listed

_SHARES = (1.2, 1, 1)
_SEES = {"added": "the new file", "changed": "the changed file", "deleted": "no file"}
_HOLDS = {"file": "a file", "whiteout": "a whiteout"}


def overlay(recorded: Mapping[str, Any]) -> Picture:
    """What ``record.images.overlay`` saw."""
    rows = [
        (row["path"], f"{_SEES[row['change']]}", _HOLDS[row["stored_as"]], "" if row["change"] == "added" else "a file")
        for row in recorded["changes"]
    ]
    rows.append((recorded["untouched"], "the image's file", "", "a file"))
    told = [
        f"{path}: the container sees {sees}; its own layer has {own or 'nothing'}, the image {image or 'nothing'}."
        for path, sees, own, image in rows
    ]
    beside = listed(recorded["seen_beside"])
    return Picture(
        "A container's own layer over the layers of its image",
        f"Storage driver {recorded['driver']}. {' '.join(told)} Another container of this image still sees {beside}.",
        (
            heads("container sees", "its own layer", "the image", shares=_SHARES),
            *(part for row in rows for part in _file(*row)),
            Box(
                (
                    Text("Another container of this image still sees", size=12),
                    *(Text(path, size=12, mono=True) for path in recorded["seen_beside"]),
                ),
            ),
            Text("Own layer: read and written. Image: only read. A whiteout hides the file below it.", size=12),
        ),
    )


def _file(path: str, sees: str, own: str, image: str) -> tuple[Text, Row]:
    covered = bool(own and image)
    below = (
        cell(image, "hidden" if covered else "seen", look=Look.DASHED if covered else Look.PLAIN) if image else NOTHING
    )
    above = cell(own, "hides the image's" if covered else "seen", look=Look.STRONG) if own else NOTHING
    return Text(path, size=12, mono=True, bold=True), Row((cell(sees), above, below), _SHARES)
