"""Wait for what comes soon, and not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

from labrunner.model.errors import ToolError

_SECONDS = 20.0
_PAUSE = 0.05


def until(true: Callable[[], bool], what: str) -> None:
    """Return as soon as ``true()``; ToolError that names ``what`` after twenty seconds."""
    deadline = time.monotonic() + _SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise ToolError(f"the recording waited for {what}, and it does not come", next="record once more")
        time.sleep(_PAUSE)
