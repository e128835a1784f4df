"""What containers need of this host, each tried by doing it in a short-lived process.

``python -m labrunner.runtime.needs DATA`` prints the needs as a JSON list, for who must not import this.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from labrunner.runtime.modes import Mode


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One need. ``blocks``: without it the engine does not start, else it says so once and goes on without.

    ``says`` is what was found, one sentence; ``lifts`` the command that mends it, empty where none does.
    """

    name: str
    ok: bool
    blocks: bool
    says: str
    lifts: str = ""


def examine(data: Path, mode: Mode) -> tuple[Need, ...]:
    """Every need of the engine with this data folder, which exists, tried in this way to run."""
    del data, mode
    return ()
