"""The ``filters`` of a prune, as the Docker Engine API has them: label, label!, until, dangling, all."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from labrunner.proxy.call import Refused

_BAD_REQUEST = 400
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h))")
_KNOWN = {"label", "label!", "until", "dangling", "all"}


@dataclass(frozen=True)
class Filters:
    """What a prune is limited to; ``until`` is in seconds since 1970."""

    having: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    until: float | None = None
    dangling: bool | None = None
    every: bool = False

    @classmethod
    def parse(cls, text: str) -> Filters:
        """From the query's JSON: lists of values, or objects whose keys are the values. Refused for what is unknown."""
        try:
            data = json.loads(text or "{}") or {}
            values = {name: [str(value) for value in found] for name, found in data.items()}
        except (ValueError, TypeError, AttributeError):
            raise Refused(
                _BAD_REQUEST, f"filters as a JSON object were expected, and {text[:60]!r} was found"
            ) from None
        if strange := sorted(set(values) - _KNOWN):
            raise Refused(_BAD_REQUEST, f"invalid filter '{strange[0]}'")
        dangling = values.get("dangling")
        return cls(
            tuple(values.get("label", ())),
            tuple(values.get("label!", ())),
            min((moment(value) for value in values["until"]), default=None) if "until" in values else None,
            None if not dangling else dangling[0] in {"1", "true"},
            any(value in {"1", "true"} for value in values.get("all", ())),
        )

    def match(self, labels: Mapping[str, str] | None, created: float | None = None) -> bool:
        """Whether an object with these labels, made at that time, is meant."""
        found = labels or {}
        if self.until is not None and created is not None and created > self.until:
            return False
        return all(_has(found, each) for each in self.having) and not any(_has(found, each) for each in self.lacking)


def _has(labels: Mapping[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


def moment(text: str, now: float | None = None) -> float:
    """A time in seconds since 1970: such a number, a date, or a duration back from now (``1h30m``)."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = _DURATION.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return (time.time() if now is None else now) - sum(float(number) * _UNITS[unit] for number, unit in parts)
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise Refused(_BAD_REQUEST, f"a time or a duration was expected, and {text[:40]!r} was found") from None
