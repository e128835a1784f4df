"""Waiting for processes and conditions, with a deadline."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path


def waited(condition: Callable[[], object]) -> bool:
    """Whether the condition comes to hold before a minute is over."""
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def ends(pid: int) -> bool:
    """Whether that process ends before a minute is over; a mere entry that its parent has not read yet has ended."""

    def gone() -> bool:
        try:
            os.kill(pid, 0)
            return Path("/proc/self").exists() and _is_zombie(pid)
        except (ProcessLookupError, FileNotFoundError):
            return True

    return waited(gone)


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
