"""Numbers of bytes and lists as people read them."""

from __future__ import annotations

from collections.abc import Sequence

_STEP = 1024


def size(number: int) -> str:
    """``67108864`` as ``64 MiB``: three digits, in units of 1024."""
    amount = float(number)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < _STEP or unit == "GiB":
            break
        amount /= _STEP
    return f"{amount:.3g} {unit}" if amount < 1000 else f"{amount:.0f} {unit}"  # noqa: PLR2004 - else 1e+03


def listed(words: Sequence[str]) -> str:
    """``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
