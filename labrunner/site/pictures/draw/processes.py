"""The processes of two containers, each inside the one that started it, with their numbers outside and inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labrunner.site.pictures.picture import Picture
from labrunner.site.pictures.shapes import Arrow, Box, Look, Row, Stack, Text

Process = Mapping[str, Any]


def processes(recorded: Mapping[str, Any]) -> Picture:
    """What ``record.separation.processes`` saw."""
    containers = recorded["containers"]
    return Picture(
        "The same processes, counted by the host and by the container",
        "Each process has a number on the host and another one in its container. " + " ".join(map(_told, containers)),
        (
            Box(
                (Text("The host sees every process", bold=True), *map(_container, containers)),
            ),
            Text("A process inside another one was started by it.", size=12),
        ),
    )


def _container(container: Mapping[str, Any]) -> Stack:
    shim, rows = container["shim"], container["processes"]
    inside = [_process(row, rows) for row in rows if row["parent"] == shim["host"]]
    return Stack(
        (
            Box((_numbers(shim["program"], f"host {shim['host']}", ""),), Look.DASHED),
            Arrow("starts"),
            Box(
                (
                    Text(f"{container['name']} container", bold=True),
                    Text("it sees these only, in a PID namespace of its own", size=12),
                    *inside,
                ),
                Look.STRONG,
            ),
        )
    )


def _process(row: Process, rows: Sequence[Process]) -> Box:
    children = [_process(child, rows) for child in rows if child["parent"] == row["host"]]
    return Box((_numbers(row["program"], f"host {row['host']}", f"inside {row['inside']}"), *children))


def _numbers(program: str, host: str, inside: str) -> Row:
    words = (Text(program, bold=True, mono=True, size=12), Text(host, size=12), Text(inside, size=12))
    return Row(words[: 3 if inside else 2], (0.7, 1, 0.8) if inside else (2, 1))


def _told(container: Mapping[str, Any]) -> str:
    names = {row["host"]: row["program"] for row in (container["shim"], *container["processes"])}
    rows = [
        f"{row['program']} is {row['host']} on the host and {row['inside']} inside, started by {names[row['parent']]}"
        for row in container["processes"]
    ]
    shim = container["shim"]
    return (
        f"The {container['name']} container, below {shim['program']} ({shim['host']} on the host): {'; '.join(rows)}."
    )
