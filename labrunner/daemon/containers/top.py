"""``docker top``: the host's ps, and of its lines those of the container's processes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from labrunner.daemon.errors import ApiError

_PS = "ps"


def processes(pid: int) -> set[int]:
    """The PIDs, on the host, of all that runs in the PID namespace of a container's first process."""
    namespace = _namespace(pid)
    return {
        number
        for entry in os.scandir("/proc")
        if entry.name.isdecimal() and _namespace(number := int(entry.name)) == namespace
    }


async def top(pid: int, arguments: str) -> dict[str, Any]:
    """Titles and rows of ps, of the container whose first process that is. ApiError where ps says no."""
    try:
        ps = await asyncio.create_subprocess_exec(
            _PS, *(arguments or "-ef").split(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except FileNotFoundError:
        raise ApiError(500, "ps is not on the host: install procps") from None
    shown, complaint = await ps.communicate()
    if ps.returncode:
        lines = complaint.decode(errors="replace").strip().splitlines()
        raise ApiError(500, f"ps: {lines[0].strip() if lines else ps.returncode}")
    head, *lines = shown.decode(errors="replace").splitlines()
    titles = head.split()
    if "PID" not in titles:
        raise ApiError(500, "Couldn't find PID field in ps output")
    at, own = titles.index("PID"), processes(pid)
    rows = [line.split(None, len(titles) - 1) for line in lines]
    return {
        "Titles": titles,
        "Processes": [row for row in rows if len(row) > at and row[at].isdecimal() and int(row[at]) in own],
    }


def _namespace(pid: int) -> int | None:
    try:
        return Path(f"/proc/{pid}/ns/pid").stat().st_ino
    except OSError:
        return None
