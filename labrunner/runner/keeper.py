"""The keeper: one process per home that owns the learner's named terminals, so that they outlive who opened them.

It listens on a unix socket in the home's folder for sockets. A client sends one line of JSON and gets one back
(``{"error": …}`` where it cannot be done); after ``attach`` the connection is the terminal. It starts on demand
(keeping.py) and ends by itself. When it ends, however that comes about, the kernel hangs up its terminals.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import socket
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from labrunner.model.errors import LabrunnerError
from labrunner.proxy.start import start_scope
from labrunner.runner.kept import KeptTerminal

#: Seconds after which a keeper ends that nobody talks to and whose terminals wait for a command.
IDLE_SECONDS = 30 * 60
#: Seconds after which it ends even if a program still runs in a terminal that nobody looks at.
ABANDONED_SECONDS = 12 * 60 * 60
_LINE = 1 << 20


class Keeper:
    """Owns the terminals of one home. ``idle`` and ``abandoned`` are the seconds after which it ends by itself."""

    def __init__(self, *, idle: float = IDLE_SECONDS, abandoned: float = ABANDONED_SECONDS) -> None:
        self._idle = idle
        self._abandoned = abandoned
        self._terminals: dict[tuple[str, str], KeptTerminal] = {}
        self._scopes: dict[str, tuple[str, ExitStack]] = {}
        self._visitors = 0
        self._last = time.monotonic()
        self._stopped = asyncio.Event()
        self._opening = asyncio.Lock()

    async def serve(self, place: Path) -> None:
        """Answer on the unix socket ``place`` until it is stopped or idle for long; the terminals end with it."""
        _remove(place)
        server = await asyncio.start_unix_server(self._visit, place, limit=_LINE)
        try:
            while not self._stopped.is_set() and not self._is_left():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopped.wait(), self._idle / 10)
        finally:
            _remove(place)
            server.close()
            for terminal in tuple(self._terminals.values()):
                terminal.end()
            for _, stack in self._scopes.values():
                stack.close()

    def _is_left(self) -> bool:
        quiet = time.monotonic() - self._last
        busy = any(terminal.state()["runs"] for terminal in self._terminals.values())
        return self._visitors == 0 and quiet > (self._abandoned if busy else self._idle)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._visitors += 1
        try:
            asked = json.loads(await reader.readline())
            try:
                answer = await self._answer(asked)
            except (LabrunnerError, OSError) as error:
                answer = {"error": getattr(error, "says", str(error)), "next": getattr(error, "next", None)}
            writer.write(json.dumps(answer).encode() + b"\n")
            if asked["do"] == "attach" and "error" not in answer:
                await self._terminals[asked["lab"], asked["terminal"]].attach(reader, writer, replay=asked["replay"])
            await writer.drain()
        except (OSError, ValueError, KeyError):  # no client of ours, or one that went away
            pass
        finally:
            self._visitors -= 1
            self._last = time.monotonic()
            writer.close()

    async def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        match asked["do"]:
            case "open":
                return await self._open(asked)
            case "attach" | "resize" if (asked["lab"], asked["terminal"]) not in self._terminals:
                return {"error": f"the terminal {asked['terminal']} of {asked['lab']} has ended", "next": None}
            case "resize":
                self._terminals[asked["lab"], asked["terminal"]].resize(asked["rows"], asked["columns"])
            case "end":
                for (lab, _), terminal in tuple(self._terminals.items()):
                    if asked["lab"] in {lab, None}:
                        terminal.end()
            case "scope":
                return {"folder": await self._scope(asked)}
            case "stop":
                self._stopped.set()
        return {"terminals": [terminal.state() for terminal in self._terminals.values()]}

    async def _open(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The terminal of that lab and name; it is opened where there is none."""
        key = asked["lab"], asked["terminal"]
        async with self._opening:  # two who ask at once get the same one
            fresh = key not in self._terminals
            if fresh:
                terminal = KeptTerminal(*key, Path(asked["folder"]), lambda: self._forget(key))
                await terminal.open(asked["environ"], (asked["rows"], asked["columns"]))
                self._terminals[key] = terminal
        return {**self._terminals[key].state(), "fresh": fresh}

    def _forget(self, key: tuple[str, str]) -> None:
        self._terminals.pop(key, None)

    async def _scope(self, asked: dict[str, Any]) -> str:
        """The folder with the sockets of the scope in front of the asked-for engine."""
        endpoint = asked["endpoint"]
        async with self._opening:
            if endpoint in self._scopes and not _answers(Path(asked["folder"], f"{asked['labs'][0]}.sock")):
                self._scopes.pop(endpoint)[1].close()  # somebody has killed it
            if endpoint not in self._scopes:
                with ExitStack() as stack:
                    scope = start_scope(
                        endpoint, Path(asked["ledger"]), Path(asked["home"]), Path(asked["folder"]), asked["labs"]
                    )
                    await asyncio.to_thread(stack.enter_context, scope)
                    self._scopes[endpoint] = asked["folder"], stack.pop_all()
        return self._scopes[endpoint][0]


def _answers(path: Path) -> bool:
    """Whether somebody listens at a unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def main(folder: Path) -> None:
    """Keep the terminals of the home whose sockets are in ``folder``; nothing where another keeper does already."""
    lock = (folder / "keeper.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    with lock:
        asyncio.run(Keeper().serve(folder / "keeper.sock"))


if __name__ == "__main__":
    os.chdir("/")
    if os.fork():  # whoever started it waits for this process only
        os._exit(0)
    main(Path(sys.argv[1]))
