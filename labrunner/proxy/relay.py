"""Pass bytes both ways between a client and the engine, half-closed sides among them, until one has gone."""

from __future__ import annotations

import select
import socket
import ssl

from labrunner.proxy.way import Way

_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


def relay(up: Way, down: Way, *, both: bool) -> None:
    """Pass on until the engine's side has ended and, where both sides talk, the client's has, or one is gone.

    ``up`` is from the client to the engine, ``down`` the other way round.
    """
    client, engine = up.source, up.target
    client.settimeout(0)
    engine.settimeout(0)
    poller = _Poller(client, engine)
    try:
        while not (down.done and (up.done or not both)):
            for side, events in poller.wait(_interest(up, down, client), _interest(down, up, engine)):
                came, going = (up, down) if side is client else (down, up)
                if events & (select.POLLOUT | _GONE) and going.held:
                    try:
                        going.drain()
                    except OSError:
                        if side is client:
                            return
                        going.give_up()  # the engine answers before it has read all, and closes: its answer is to pass
                if events & (select.POLLIN | _GONE) and not came.ended and not came.held:
                    came.pump()
                if events & _GONE and came.done:
                    return
    finally:
        up.close()
        down.close()


def _interest(came: Way, going: Way, side: socket.socket) -> int | None:
    """What to wait for at a socket; None for nothing, not even for its end, since that would wake us at once."""
    wanted = 0
    if going.held:
        wanted |= select.POLLOUT
    if not came.ended and not came.held:
        wanted |= select.POLLIN
    if not wanted and not came.done:
        return None
    if isinstance(side, ssl.SSLSocket) and wanted & select.POLLIN and side.pending():
        wanted |= select.POLLOUT  # decrypted bytes wait in the library, where poll(2) does not see them
    return wanted


class _Poller:
    def __init__(self, client: socket.socket, engine: socket.socket) -> None:
        self._poll = select.poll()
        self._sides = (client, engine)
        self._registered: dict[socket.socket, int] = {}

    def wait(self, *wanted: int | None) -> list[tuple[socket.socket, int]]:
        for side, events in zip(self._sides, wanted, strict=True):
            known = self._registered.get(side)
            if events == known:
                continue
            if events is None:
                self._poll.unregister(side)
                del self._registered[side]
            else:
                self._poll.register(side, events)
                self._registered[side] = events
        found = dict(self._poll.poll())
        ready = [(side, found[side.fileno()]) for side in self._sides if side.fileno() in found]
        return [(side, _with_pending(side, events)) for side, events in ready]


def _with_pending(side: socket.socket, events: int) -> int:
    if isinstance(side, ssl.SSLSocket) and side.pending():
        return events | select.POLLIN
    return events
