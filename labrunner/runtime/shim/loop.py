"""A loop over descriptors: who can be read or written has its callback called."""

from __future__ import annotations

import select
from collections.abc import Callable
from dataclasses import dataclass

Callback = Callable[[], object]


@dataclass(frozen=True, slots=True)
class _Watched:
    events: int
    read: Callback | None
    write: Callback | None


class Loop:
    """Runs until ``stop``; ``at_deadline`` is called where a number of seconds passes before ``clear_deadline``."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._watched: dict[int, _Watched] = {}
        self._deadline: tuple[float, Callback] | None = None
        self._stopped = False

    def watch(self, descriptor: int, *, read: Callback | None = None, write: Callback | None = None) -> None:
        """Call these from now on, instead of what was told before; both None: forget it for now."""
        if read is None and write is None:
            self.forget(descriptor)
            return
        events = (select.EPOLLIN if read else 0) | (select.EPOLLOUT if write else 0)
        known = self._watched.get(descriptor)
        if known is None:
            self._poll.register(descriptor, events)
        elif known.events != events:
            self._poll.modify(descriptor, events)
        self._watched[descriptor] = _Watched(events, read, write)

    def forget(self, descriptor: int) -> None:
        """Call nothing for it any more; one that is not watched is no error. To be called before it is closed."""
        if self._watched.pop(descriptor, None):
            self._poll.unregister(descriptor)

    def set_deadline(self, seconds: float, reached: Callback) -> None:
        """Call ``reached`` where nothing at all happens for so long, unless ``clear_deadline`` comes first."""
        self._deadline = (seconds, reached)

    def clear_deadline(self) -> None:
        """Wait without a limit."""
        self._deadline = None

    def stop(self) -> None:
        """Let ``run`` return."""
        self._stopped = True

    def run(self) -> None:
        """Wait and call until somebody stops it."""
        while not self._stopped:
            ready = self._poll.poll(self._deadline[0] if self._deadline else None)
            if not ready and self._deadline:
                self._deadline[1]()
            for descriptor, events in ready:
                self._call(descriptor, events)

    def _call(self, descriptor: int, events: int) -> None:
        """The callbacks of an event; the first one may have forgotten the second one's descriptor."""
        gone = select.EPOLLHUP | select.EPOLLERR
        watched = self._watched.get(descriptor)
        if watched and watched.read and events & (select.EPOLLIN | gone):
            watched.read()
        watched = self._watched.get(descriptor)
        if watched and watched.write and events & (select.EPOLLOUT | gone):
            watched.write()
