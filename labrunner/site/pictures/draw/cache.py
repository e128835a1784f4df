"""Which steps of a build come from the cache, in two orders of the same lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labrunner.site.pictures.picture import Picture
from labrunner.site.pictures.shapes import Box, Look, Row, Text, cell, heads

_SHARES = (2.1, 1, 1)
_LOOKS = {"run": Look.STRONG, "cached": Look.DASHED, "given": Look.PLAIN}


def cache(recorded: Mapping[str, Any]) -> Picture:
    """What ``record.builds.cache`` saw: each order built, ``app.py`` changed, and built again."""
    return Picture(
        "The build cache, and the order of the lines",
        "Each order is built, then app.py changes, and it is built again. " + " ".join(map(_told, recorded["orders"])),
        (
            *map(_order, recorded["orders"]),
            Text(
                "Run: done now (thick frame). Cached: from the first build (dashed frame). Given: the base image.",
                size=12,
            ),
        ),
    )


def _order(order: Mapping[str, Any]) -> Box:
    rows = [
        Row(
            (
                Box((Text(step["instruction"], size=11.5, mono=True),), Look.BARE, 2, middle=True),
                *(cell(step[build], look=_LOOKS[step[build]]) for build in ("first", "second")),
            ),
            _SHARES,
        )
        for step in order["steps"]
    ]
    columns = heads("line", "first build", "app.py changed", shares=_SHARES)
    return Box((Text(order["order"], bold=True, size=14), columns, *rows))


def _told(order: Mapping[str, Any]) -> str:
    steps = [f"{row['instruction']}: {row['first']}, then {row['second']}" for row in order["steps"]]
    return f"{order['order']}: {'; '.join(steps)}."
