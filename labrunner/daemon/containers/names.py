"""Names for containers that get none."""

from __future__ import annotations

import secrets
from collections.abc import Container

_HOW = "airy brave calm clear cosy deft eager fair fleet fresh glad keen kind light lively lucid merry neat nimble "
_WHO = "barge canoe carrack clipper coracle cutter dhow dinghy ferry frigate galley junk kayak ketch launch lugger "
_HOW += "plain prompt quick quiet ready sharp sober solid spry steady still sunny swift tidy vivid warm witty"
_WHO += "pinnace prahu punt raft schooner scow shallop skiff sloop smack tender trawler tug wherry xebec yacht yawl"
_FEW_TRIES = 6


def invented(taken: Container[str]) -> str:
    """A name that nobody has: a quality and a ship."""
    for attempt in range(1000):
        name = f"{secrets.choice(_HOW.split())}_{secrets.choice(_WHO.split())}"
        name += str(secrets.randbelow(10**4)) if attempt >= _FEW_TRIES else ""
        if name not in taken:
            return name
    return secrets.token_hex(8)
