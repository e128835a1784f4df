"""Two containers with the same limit of memory: one stays below it, and one is killed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labrunner.site.pictures.picture import Picture
from labrunner.site.pictures.shapes import Bar, Box, Look, Row, Text
from labrunner.site.pictures.words import size


def limits(recorded: Mapping[str, Any]) -> Picture:
    """What ``record.separation.limits`` saw."""
    modest, greedy, files = recorded["modest"], recorded["greedy"], recorded["files"]
    limit, whole = modest["limit"], max(greedy["wants"], modest["limit"]) * 1.1
    end = f"exit code {greedy['exit_code']}"
    why = "killed for its memory" if greedy["killed_for_memory"] else "not killed for its memory"
    return Picture(
        f"The limit of a cgroup: {size(limit)} of memory",
        f"Two containers may use {size(limit)} each. The first one uses {size(modest['use'])} and runs; it may have "
        f"{modest['processes']} processes; its /proc/meminfo still shows the machine's {size(recorded['meminfo'])}. "
        f"The second one wants {size(greedy['wants'])} and ends: {why}, {end}. The kernel keeps this, in cgroups "
        f"version {recorded['cgroup_version']}, in the files "
        + ", ".join(f"{file} ({what})" for what, file in files.items())
        + ".",
        (
            Text(f"The thick line is the limit: {size(limit)}", size=12),
            Box(
                (
                    Row((Text("top", bold=True), Text(f"uses {size(modest['use'])}", size=12)), (1, 1.6)),
                    Bar(modest["use"], whole, limit),
                    Text("stays below the limit, and runs", size=12),
                    Text(f"believes in {size(recorded['meminfo'])}: /proc/meminfo is the machine's", size=12),
                )
            ),
            Box(
                (
                    Row((Text("a greedy one", bold=True), Text(f"wants {size(greedy['wants'])}", size=12)), (1, 1.6)),
                    Bar(greedy["wants"], whole, limit),
                    Text(f"{why}: {end}", size=13, bold=True),
                ),
                Look.STRONG,
            ),
            Box(
                (
                    Text(f"The files of cgroups version {recorded['cgroup_version']}", size=12, bold=True),
                    *(Text(file, size=11.5, mono=True) for file in files.values()),
                ),
                Look.DASHED,
            ),
        ),
    )
