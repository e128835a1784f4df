"""A container's streams: from its pipes or terminal to the log and to whoever is attached, and input the other way.

What is not taken holds up whoever sends: a client that is behind holds up the container's output, as Docker has it, and
a container that does not read holds up the clients. So no buffer grows beyond what one read brings.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable
from functools import partial

from labrunner.runtime.log import Writer
from labrunner.runtime.messages import Attach
from labrunner.runtime.shim.client import Client
from labrunner.runtime.shim.loop import Loop

_CHUNK = 64 << 10


class Streams:
    """Input is taken where ``open_input``, and kept until there is a pipe or a terminal for it.

    ``once``: it ends when the first client that gives some ends it or goes. ``idle`` is called when, after ``finish``,
    the last client was let go.
    """

    def __init__(self, loop: Loop, log: Writer, *, open_input: bool, once: bool, idle: Callable[[], None]) -> None:
        self._loop = loop
        self._log = log
        self._open = open_input
        self._once = once
        self._idle = idle
        self._outputs: dict[int, int] = {}
        self._entry: int | None = None
        self._is_terminal = False
        self._input = bytearray()
        self._input_ends = False
        self._clients: list[Client] = []
        self._finished = False

    def use_pipes(self, output: int, error: int, entry: int | None) -> None:
        """Read these, and write input to ``entry``."""
        self._outputs = {1: output, 2: error}
        self._entry = entry
        self._begin()

    def use_terminal(self, master: int) -> None:
        """Read and write the terminal's master end."""
        self._outputs = {1: master}
        self._entry = master if self._open else None
        self._is_terminal = True
        self._begin()

    def _begin(self) -> None:
        for descriptor in {*self._outputs.values(), *([] if self._entry is None else [self._entry])}:
            os.set_blocking(descriptor, False)
        self._watch()

    def attach(self, link: socket.socket, wanted: Attach) -> None:
        """Serve a client on its connection."""
        client = Client(self._loop, link, wanted, self._feed, self._watch, self._leave)
        self._clients.append(client)
        if self._finished:
            client.end()

    def _leave(self, client: Client) -> None:
        self._clients.remove(client)
        if client.has_input and self._once:
            self._feed(b"")
        if self._finished and not self._clients:
            self._idle()
        self._watch()

    def _watch(self) -> None:
        """Watch what may go on now."""
        held = any(client.is_behind for client in self._clients)
        for stream, descriptor in self._outputs.items():
            read = None if held else partial(self._read, stream)
            write = self._drain if self._input and descriptor == self._entry else None
            self._loop.watch(descriptor, read=read, write=write)
        if self._entry is not None and self._entry not in self._outputs.values():
            self._loop.watch(self._entry, write=self._drain if self._input or self._input_ends else None)
        for client in list(self._clients):
            client.hold(held=len(self._input) > _CHUNK)

    # --- output ---------------------------------------------------------------------------------------------------

    def _read(self, stream: int) -> bool:
        """Take what is there; whether there may be more."""
        descriptor = self._outputs[stream]
        try:
            content = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:  # a terminal that nobody has open any more
            content = b""
        if not content:
            self._close_output(stream)
            return False
        with contextlib.suppress(OSError):  # on a full disk the container goes on, and its log has a gap
            self._log.write(time.time_ns(), stream, content)
        for client in list(self._clients):
            client.push(stream, content)
        if any(client.is_behind for client in self._clients):
            self._watch()
        return True

    def _close_output(self, stream: int) -> None:
        descriptor = self._outputs.pop(stream)
        self._loop.forget(descriptor)
        if descriptor == self._entry:
            self._entry = None
        os.close(descriptor)

    def finish(self) -> None:
        """The container has ended: take the rest of its output, and let everybody go who got all of it."""
        for stream in list(self._outputs):
            while stream in self._outputs and self._read(stream):
                pass
            if stream in self._outputs:
                self._close_output(stream)
        self._close_entry()
        self._log.close()
        self._finished = True
        for client in list(self._clients):
            client.end()
        if not self._clients:
            self._idle()

    # --- input ----------------------------------------------------------------------------------------------------

    def _feed(self, content: bytes) -> None:
        """Take a client's input; b"" is the end of it, which ends the container's where it is to have one client."""
        if not self._open:
            return
        self._input += content
        self._input_ends = self._input_ends or (not content and self._once and not self._is_terminal)
        self._drain()

    def _drain(self) -> None:
        """Write what the container takes now, and see who may go on."""
        self._write()
        self._watch()

    def _write(self) -> None:
        if self._entry is None:
            return
        try:
            while self._input:
                del self._input[: os.write(self._entry, self._input[:_CHUNK])]
        except BlockingIOError:
            return
        except OSError:  # nobody reads it any more
            self._close_entry()
            return
        if self._input_ends:
            self._close_entry()

    def _close_entry(self) -> None:
        self._input.clear()
        if self._entry is not None and self._entry not in self._outputs.values():
            self._loop.forget(self._entry)
            os.close(self._entry)
        self._entry, self._open = None, False
