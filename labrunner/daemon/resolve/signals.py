"""Signals as Docker's API names them: 15, TERM, SIGTERM, RTMIN+3."""

from __future__ import annotations

import re
import signal

from labrunner.daemon.errors import bad_request

_REAL_TIME = re.compile(r"(?:SIG)?(RTMIN|RTMAX)(?:([+-])([0-9]{1,2}))?")
_MOST = 64


def number(text: str) -> int:
    """The number of a signal. ApiError (400) where there is none of that name."""
    if text.isdecimal():
        if 0 < int(text) <= _MOST:
            return int(text)
        raise bad_request(f"Invalid signal: {text}")
    if match := _REAL_TIME.fullmatch(text.upper()):
        base = int(signal.SIGRTMIN if match[1] == "RTMIN" else signal.SIGRTMAX)
        found = base + int(f"{match[2] or '+'}{match[3] or 0}")
        if signal.SIGRTMIN <= found <= signal.SIGRTMAX:
            return found
    try:
        return int(signal.Signals[f"SIG{text.upper().removeprefix('SIG')}"])
    except KeyError:
        raise bad_request(f"Invalid signal: {text}") from None
