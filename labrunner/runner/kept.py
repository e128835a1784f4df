"""One terminal that the keeper owns: a shell, what it has shown of late, and who is looking at it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from labrunner.runner.shell import Prompt, shell_environ
from labrunner.runner.terminal import READY_SECONDS, spawn_shell

#: Bytes of what a terminal has shown that a newcomer sees.
_SCREEN = 32 << 10
#: Bytes that somebody who looks on may be behind; who is further behind is let go.
_BEHIND = 8 << 20
_CHUNK = 64 << 10


class KeptTerminal:
    """A terminal of the lab ``lab``, named ``name``; ``ended`` is called once, when its shell has gone."""

    def __init__(self, lab: str, name: str, folder: Path, ended: Callable[[], None]) -> None:
        self.lab = lab
        self.name = name
        self.prompt = Prompt(f"{folder.name}$ ")
        self._folder = folder
        self._ended = ended
        self._screen = bytearray()
        self._watchers: set[asyncio.StreamWriter] = set()
        self._prompted = asyncio.Event()

    async def open(self, environ: Mapping[str, str], size: tuple[int, int]) -> None:
        """Start the shell, and wait for its first prompt."""
        with shell_environ(environ, self.prompt) as known:
            self._child = spawn_shell(self._folder, known, size)
            self._file = self._child.child_fd
            os.set_blocking(self._file, False)
            asyncio.get_running_loop().add_reader(self._file, self._read)
            await asyncio.wait_for(self._prompted.wait(), READY_SECONDS)

    def state(self) -> Mapping[str, Any]:
        """As JSON data; ``runs`` is the command line of the program that has the terminal, None for the shell."""
        group = os.tcgetpgrp(self._file)
        return {
            "lab": self.lab,
            "terminal": self.name,
            "mark": self.prompt.mark,
            "shown": self.prompt.shown,
            "runs": None if group == self._child.pid else _command_line(group),
            "echoes": self._child.getecho(),
            "watched": len(self._watchers),
        }

    async def attach(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, replay: bool) -> None:
        """Show the terminal to a newcomer, and type what comes from there, until one of both ends."""
        if replay:
            writer.write(bytes(self._screen))
        self._watchers.add(writer)
        try:
            while data := await reader.read(_CHUNK):
                await self._type(data)
        except OSError:  # whoever looked on has gone, or the shell has
            pass
        finally:
            self._watchers.discard(writer)

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size."""
        self._child.setwinsize(rows, columns)

    def end(self) -> None:
        """End the shell and what runs in it, and let everybody go who looked on."""
        asyncio.get_running_loop().remove_reader(self._file)
        self._child.close(force=True)
        for writer in self._watchers:
            writer.close()
        self._ended()

    def _read(self) -> None:
        try:
            data = os.read(self._file, _CHUNK)
        except BlockingIOError:
            return
        except OSError:  # EIO: the last process of the terminal has closed it
            data = b""
        if not data:
            self.end()
            return
        self._screen += data
        del self._screen[:-_SCREEN]
        if not self._prompted.is_set() and self.prompt.mark.encode() in self._screen:
            self._prompted.set()
        for writer in tuple(self._watchers):
            writer.write(data)
            if writer.transport.get_write_buffer_size() > _BEHIND:
                writer.transport.abort()
                self._watchers.discard(writer)

    async def _type(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._file, data) :]
            except BlockingIOError:
                await _writable(self._file)


async def _writable(file: int) -> None:
    """Wait until a program has read what was typed."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(file, ready.set)
    try:
        await ready.wait()
    finally:
        with suppress(OSError, ValueError):
            loop.remove_writer(file)


def _command_line(group: int) -> str:
    """The command line of a process group's leader, where this host shows it."""
    try:
        words = Path(f"/proc/{group}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return "a program"
    return b" ".join(words).decode(errors="replace").strip() or "a program"
