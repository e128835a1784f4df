"""Examine what the namespace engine needs of this host: its own program tries each need, and is asked as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from labrunner.engine.finding import Finding
from labrunner.engine.namespace import NamespaceEngine

_SECONDS = 60


def examine_needs(engine: NamespaceEngine) -> Iterator[Finding]:
    """Each need with what was found; one that the engine cannot do without blocks."""
    command = [sys.executable, "-m", "labrunner.runtime.needs", str(_existing(engine.data))]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            command, capture_output=True, text=True, check=True, timeout=_SECONDS, cwd="/"
        )
        needs = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        says = f"what the namespace engine needs was to be tried, and that failed: {told[-1] if told else error}"
        yield Finding("namespace", blocks=True, says=says, next=f"{' '.join(command)}")
        return
    for need in needs:
        yield Finding(
            "namespace",
            blocks=need["blocks"] and not need["ok"],
            says=f"{need['name']}: {need['says']}",
            next=need.get("lifts") or None,
        )


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists: the same file system will hold it."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())
