"""Waiting for what an engine brings about by itself, in bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 30.0


def until(happened: Callable[[], bool]) -> None:
    """Return once it has happened."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)  # the engine does it by itself, and tells nobody
