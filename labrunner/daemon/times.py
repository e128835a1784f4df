"""Times as Docker writes and reads them."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from labrunner.daemon.errors import bad_request

_NEVER = "0001-01-01T00:00:00Z"
_STAMP = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,9}))?")
_DURATION = re.compile(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9.]+)s)?")
_SECOND = 10**9
#: The steps in which go-units rounds a duration, in seconds, and what it calls them.
_STEPS = (
    (1, "Less than a second"),
    (2, "1 second"),
    (60, "{seconds} seconds"),
    (120, "About a minute"),
    (46 * 60, "{minutes} minutes"),
    (90 * 60, "About an hour"),
    (48 * 3600, "{hours} hours"),
    (14 * 24 * 3600, "{days} days"),
    (60 * 24 * 3600, "{weeks} weeks"),
    (730 * 24 * 3600, "{months} months"),
)


def iso(nanoseconds: int) -> str:
    """A time as RFC 3339 with nanoseconds; 0 is Go's zero time."""
    if not nanoseconds:
        return _NEVER
    whole, rest = divmod(nanoseconds, _SECOND)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def moment(text: str) -> int | None:
    """A time that a client sends, as seconds since 1970 with a fraction, in nanoseconds; None for none. ApiError."""
    if text in {"", "0"}:
        return None
    if match := _STAMP.fullmatch(text):
        return int(match[1]) * _SECOND + int((match[2] or "").ljust(9, "0"))
    if (match := _DURATION.fullmatch(text)) and any(match.groups()):
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return time.time_ns() - int((hours * 3600 + minutes * 60 + seconds) * _SECOND)
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None
    return (
        (read.replace(tzinfo=read.tzinfo or UTC) - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1) * 1000
    )


def ago(nanoseconds: int) -> str:
    """How long ago that was, in Docker's words (go-units' HumanDuration)."""
    seconds = max(0, time.time_ns() - nanoseconds) // _SECOND
    for end, said in _STEPS:
        if seconds < end:
            return said.format(
                seconds=seconds,
                minutes=seconds // 60,
                hours=round(seconds / 3600),
                days=seconds // 86400,
                weeks=seconds // (7 * 86400),
                months=seconds // (30 * 86400),
            )
    return f"{seconds // (365 * 86400)} years"
