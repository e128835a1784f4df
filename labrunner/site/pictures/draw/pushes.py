"""What three pushes send to a registry, and what it has already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labrunner.site.pictures.picture import Picture
from labrunner.site.pictures.shapes import Box, Look, Row, Text
from labrunner.site.pictures.words import size

_LOOKS = {"uploaded": Look.STRONG, "mounted": Look.PLAIN, "already there": Look.DASHED}


def pushes(recorded: Mapping[str, Any]) -> Picture:
    """What ``record.builds.pushes`` saw."""
    rows = recorded["pushes"]
    return Picture(
        "What each push sends",
        " ".join(f"Push {number}: {_told(push)}" for number, push in enumerate(rows, 1)),
        (
            *(_push(number, push) for number, push in enumerate(rows, 1)),
            Text(
                "Uploaded: sent now. Already there: the repository has it. Mounted: taken from another repository of "
                "this registry.",
                size=12,
            ),
        ),
    )


def _push(number: int, push: Mapping[str, Any]) -> Box:
    manifest = push["manifest"]
    return Box(
        (
            Text(f"{number}. {push['what']}", bold=True),
            Text(f"to {push['repository']}, {size(_sent(push))} of blobs sent", size=12),
            *map(_blob, push["blobs"]),
            Text(f"manifest {manifest['digest']}, {size(manifest['bytes'])}: names all of them", size=12),
        )
    )


def _blob(blob: Mapping[str, Any]) -> Box:
    return Box(
        (
            Row(
                (
                    Text(blob["what"].removeprefix("layer: "), size=12),
                    Text(blob["digest"], size=12, mono=True),
                    Text(size(blob["bytes"]), size=12),
                    Text(blob["fate"], size=12, bold=True),
                ),
                (92, 53, 60.8, 104),
                gap=4,
            ),
        ),
        _LOOKS[blob["fate"]],
        7,
    )


def _sent(push: Mapping[str, Any]) -> int:
    return sum(blob["bytes"] for blob in push["blobs"] if blob["fate"] == "uploaded")


def _told(push: Mapping[str, Any]) -> str:
    blobs = [f"{row['what']} {row['digest']}, {size(row['bytes'])}, {row['fate']}" for row in push["blobs"]]
    manifest = push["manifest"]
    return (
        f"{push['what']}, to {push['repository']}: {'; '.join(blobs)}; manifest {manifest['digest']}, "
        f"{size(manifest['bytes'])}. Blobs sent: {size(_sent(push))}."
    )
