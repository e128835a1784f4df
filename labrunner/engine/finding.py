"""What an examination of a host says about one thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``blocks`` says that labs cannot run so; ``next`` is the command that mends it."""

    what: str
    blocks: bool
    says: str
    next: str | None = None
