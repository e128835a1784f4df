"""What happened, as Docker's clients watch it: the last events, and everybody who wants the next ones."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

_KEPT = 256
#: A watcher that reads nothing loses events rather than filling the memory.
_MOST_WAITING = 4096
FILTERS = frozenset({"container", "daemon", "event", "image", "label", "network", "scope", "type", "volume"})


@dataclass(frozen=True)
class Event:
    """Something happened: ``kind`` container or image, ``action`` as Docker calls it, ``actor`` an ID, ``at`` when.

    ``at`` is in nanoseconds since 1970.
    """

    kind: str
    action: str
    actor: str
    attributes: Mapping[str, str]
    at: int

    def shape(self) -> dict[str, object]:
        """As the API has it."""
        shape: dict[str, object] = {
            "Type": self.kind,
            "Action": self.action,
            "Actor": {"ID": self.actor, "Attributes": self.attributes},
            "scope": "local",
            "time": self.at // 10**9,
            "timeNano": self.at,
        }
        if self.actor:  # the shape of old clients, beside the new one
            shape |= {"status": self.action, "id": self.actor}
            if self.kind == "container":
                shape["from"] = self.attributes.get("image", "")
        return shape


class Events:
    """Tells events to whoever watches."""

    def __init__(self) -> None:
        self._kept: deque[Event] = deque(maxlen=_KEPT)
        self._watchers: set[asyncio.Queue[Event]] = set()

    @property
    def watchers(self) -> int:
        """How many watch."""
        return len(self._watchers)

    def tell(self, kind: str, action: str, actor: str, attributes: Mapping[str, str]) -> None:
        """Something happens now."""
        event = Event(kind, action, actor, dict(attributes), time.time_ns())
        self._kept.append(event)
        for watcher in self._watchers:
            if watcher.qsize() < _MOST_WAITING:
                watcher.put_nowait(event)

    async def watch(
        self, since: int | None, until: int | None, wanted: Callable[[Event], bool]
    ) -> AsyncIterator[Event]:
        """The wanted events between two times (nanoseconds since 1970), the kept ones first; without end by default."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        kept = [] if since is None and until is None else list(self._kept)
        self._watchers.add(queue)
        try:
            for event in kept:
                if (since or 0) <= event.at <= (until or event.at) and wanted(event):
                    yield event
            while (left := None if until is None else (until - time.time_ns()) / 1e9) is None or left > 0:
                try:
                    event = await asyncio.wait_for(queue.get(), left)
                except TimeoutError:
                    return
                if wanted(event):
                    yield event
        finally:
            self._watchers.discard(queue)


def matcher(filters: Mapping[str, tuple[str, ...]]) -> Callable[[Event], bool]:
    """Whether an event is wanted: one value of each filter has to fit, of labels each one."""
    return lambda event: all(_fits(event, name, values) for name, values in filters.items())


def _fits(event: Event, name: str, values: tuple[str, ...]) -> bool:
    if name == "label":
        return all(_has_label(event.attributes, value) for value in values)
    if name in {"event", "type", "scope"}:
        found = {"event": event.action, "type": event.kind, "scope": "local"}[name]
        # "exec_create" finds "exec_create: sh"
        return any(found == value or found.startswith(f"{value}:") for value in values)
    if name != event.kind:
        return name == "image" and event.attributes.get("image") in values
    return any(event.attributes.get("name") == value or (value and event.actor.startswith(value)) for value in values)


def _has_label(attributes: Mapping[str, str], wanted: str) -> bool:
    name, equals, value = wanted.partition("=")
    return name in attributes and (not equals or attributes[name] == value)
