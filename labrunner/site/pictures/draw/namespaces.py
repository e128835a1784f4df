"""Which namespaces two containers have for themselves, and which they share with the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labrunner.site.pictures.picture import Picture
from labrunner.site.pictures.shapes import Look, Row, Text, cell, heads, label

_HOLDS = {
    "mnt": "mounts",
    "pid": "process IDs",
    "net": "network",
    "uts": "host name",
    "ipc": "shared memory",
    "user": "user IDs",
    "cgroup": "cgroups",
    "time": "clocks",
}
_SHARES = (1.06, 1, 1, 1)


def namespaces(recorded: Mapping[str, Any]) -> Picture:
    """What ``record.separation.namespaces`` saw: a row for each kind, a column for each place, the host first."""
    host, *containers = recorded["places"]
    told, rows = [], []
    for kind, number in host["namespaces"].items():
        found = [place["namespaces"][kind] for place in containers]
        seen = [
            f"{place['name']} has {_whose(one, number)} ({one})" for place, one in zip(containers, found, strict=True)
        ]
        told.append(f"{kind} ({_HOLDS[kind]}): the host has {number}; {'; '.join(seen)}.")
        cells = [
            cell(str(one), _whose(one, number), look=Look.DASHED if one == number else Look.STRONG, mono=True)
            for one in found
        ]
        rows.append(Row((label(kind, _HOLDS[kind]), cell(str(number), mono=True), *cells), _SHARES, gap=4))
    return Picture(
        "The namespaces of the host and of two containers",
        f"A table of namespace numbers, a row for each kind. {' '.join(told)}",
        (
            heads("kind", *(place["name"] for place in recorded["places"]), shares=_SHARES),
            *rows,
            Text("Thick frame: the container's own. Dashed frame: the host's, shared.", size=12),
        ),
    )


def _whose(number: int, host: int) -> str:
    return "the host's" if number == host else "its own"
