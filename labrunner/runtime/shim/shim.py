"""One container's shim: what it does for each message, from the parked first process to its exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from labrunner.runtime import channel, folder, identity
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.log import Writer
from labrunner.runtime.messages import (
    Attach,
    Attached,
    Dismiss,
    Done,
    Exec,
    Exited,
    Failed,
    Message,
    Resize,
    Signal,
    Start,
    Started,
    Update,
    Watch,
)
from labrunner.runtime.perform.terminal import resize
from labrunner.runtime.shim import container
from labrunner.runtime.shim.connection import Connection
from labrunner.runtime.shim.engine import Engine
from labrunner.runtime.shim.execs import Execs
from labrunner.runtime.shim.loop import Loop
from labrunner.runtime.shim.server import Server
from labrunner.runtime.shim.streams import Streams
from labrunner.runtime.spec import ContainerSpec

#: Seconds for which a container that nobody starts is kept ready.
_PATIENCE = 60
_EXIT_CODES = {Kind.NOT_FOUND: 127, Kind.NOT_EXECUTABLE: 126}
_NOT_STARTED = 128


class Shim:
    """``first`` is the daemon's own connection; an unstarted shim ends with it."""

    def __init__(self, spec: ContainerSpec, engine: Engine, first: socket.socket) -> None:
        self._spec = spec
        self._parked = container.Parked(spec, engine)
        self._folder = os.open(spec.folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._loop = Loop()
        self._log = self._open_log()
        self._streams = Streams(
            self._loop, self._log, open_input=spec.open_stdin, once=spec.stdin_once, idle=self._loop.stop
        )
        self._group = engine.group(spec.id)
        self._parked.serve_pipes(self._streams)
        self._execs = Execs(self._loop, spec, engine, self._parked)
        self._asker: Connection | None = None  # who asked for the start
        self._running = False
        self._exit: folder.Exit | None = None
        self._watchers: list[Connection] = []
        self._terminal: int | None = None
        self._handlers: Mapping[type[Message], Callable[[Connection, Any, list[int]], None]] = {
            Start: self._start,
            Signal: self._signal,
            Resize: self._resize,
            Update: self._update,
            Exec: self._exec,
            Attach: self._attach,
            Watch: self._watch,
            Dismiss: self._dismiss,
        }
        self._server = Server(self._loop, self._folder, self._connected)
        self._first = Connection(self._loop, first, self._handle, self._closed)
        self._loop.set_deadline(_PATIENCE, self._give_up)
        self._parked.join_group()
        if self._parked.joiner:
            self._loop.watch(self._parked.joiner.control.fileno(), read=self._joined)

    def run(self) -> None:
        """Serve until the container has ended and everybody knows, or nobody wants it."""
        self._loop.run()

    def _open_log(self) -> Writer:
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder.LOG, 0o700, dir_fd=self._folder)
        place = os.open(folder.LOG, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._folder)
        return Writer(place, self._spec.log_bytes, self._spec.log_segments)

    # --- connections ----------------------------------------------------------------------------------------------

    def _connected(self, link: socket.socket) -> None:
        Connection(self._loop, link, self._handle, self._closed)

    def _closed(self, connection: Connection) -> None:
        self._watchers = [one for one in self._watchers if one is not connection]
        if connection is self._first and not self._running and not self._exit and not self._asker:
            self._give_up()

    def _handle(self, connection: Connection, message: Message, descriptors: list[int]) -> None:
        handler = self._handlers.get(type(message))
        if handler is None:
            channel.close(descriptors)
            connection.answer(Failed(kind=Kind.OTHER_VERSION, says=f"a shim does not understand {message}"))
            return
        try:
            handler(connection, message, descriptors)
        except RuntimeFailure as failure:
            connection.answer(Failed(kind=failure.kind, says=failure.says, errno=failure.errno))
        finally:
            channel.close(descriptors)

    # --- start and end --------------------------------------------------------------------------------------------

    def _start(self, connection: Connection, _: Start, __: list[int]) -> None:
        if self._running or self._asker or self._exit:
            raise RuntimeFailure(Kind.BROKEN, "a container was to be started that has been started")
        self._asker = connection
        self._loop.clear_deadline()
        self._loop.watch(self._parked.child.control.fileno(), read=self._report)
        self._loop.watch(self._parked.child.descriptor, read=self._ended)
        if self._parked.failure:
            self._fail(self._parked.failure)
            return
        self._parked.child.let_go()
        if not self._parked.joiner:
            self._parked.child.let_go()

    def _joined(self) -> None:
        """The first process is in its group, or will never be."""
        self._reap_joiner()
        if not self._asker or self._running or self._exit:
            return
        if self._parked.failure:
            self._fail(self._parked.failure)
        else:
            self._parked.child.let_go()

    def _reap_joiner(self) -> None:
        if self._parked.joiner:
            self._loop.forget(self._parked.joiner.control.fileno())
            self._parked.reap_joiner()

    def _report(self) -> None:
        report = self._parked.child.report()
        if isinstance(report, int):
            self._terminal = report
            self._streams.use_terminal(report)
        elif report is not None:
            self._fail(report)
        else:
            self._started()

    def _started(self) -> None:
        child = self._parked.child
        self._close_control()
        self._running = True
        own = os.getpid()
        state = folder.State(
            pid=child.pid,
            start_time=child.start_time,
            shim_pid=own,
            shim_start_time=identity.start_time(own) or 0,
            boot_id=identity.boot_id(),
            started_at=time.time_ns(),
        )
        with contextlib.suppress(FileNotFoundError):
            os.unlink(folder.EXIT, dir_fd=self._folder)  # of an earlier start
        folder.write(self._folder, folder.STATE, state)
        if self._asker:
            self._asker.answer(Started(pid=child.pid, start_time=child.start_time))

    def _fail(self, failed: Failed) -> None:
        """It did not start: clean up, say so, and end."""
        child = self._parked.child
        self._close_control()
        self._loop.forget(child.descriptor)
        signal.pidfd_send_signal(child.descriptor, signal.SIGKILL)
        self._reap_joiner()
        child.reap()
        self._remove_group()
        code = _EXIT_CODES.get(failed.kind, _NOT_STARTED)
        self._write_end(folder.Exit(code=code, at=time.time_ns(), says=failed.says))
        if self._asker:
            self._asker.answer(failed)
        self._streams.finish()

    def _ended(self) -> None:
        """The first process has ended, and with it all others in its PID namespace."""
        while not self._running and not self._exit:
            self._report()  # what it said before has not been read yet
        if self._exit:
            return
        child = self._parked.child
        self._loop.forget(child.descriptor)
        self._reap_joiner()
        code = child.reap()
        self._execs.reap()
        self._streams.finish()
        oom = bool(self._group.oom_kills())
        self._remove_group()
        end = self._write_end(folder.Exit(code=code, at=time.time_ns(), oom=oom))
        for watcher in self._watchers:
            watcher.answer(Exited(code=end.code, at=end.at, oom=end.oom))

    def _close_control(self) -> None:
        control = self._parked.child.control
        self._loop.forget(control.fileno())
        control.close()

    def _remove_group(self) -> None:
        with contextlib.suppress(OSError):  # what is left is swept by the next daemon
            self._group.remove()

    def _write_end(self, end: folder.Exit) -> folder.Exit:
        self._running = False
        self._exit = end
        folder.write(self._folder, folder.EXIT, end)
        self._server.close()
        return end

    def _give_up(self) -> None:
        """Nobody wants the container started."""
        self._loop.clear_deadline()
        self._parked.child.control.close()  # at whose end the first process ends as well
        self._reap_joiner()
        self._parked.child.reap()
        self._remove_group()
        self._server.close()
        self._loop.stop()

    # --- what is asked of a container -------------------------------------------------------------------------------

    def _require_running(self) -> None:
        if not self._running:
            raise RuntimeFailure(Kind.NOT_RUNNING, "the container is not running")

    def _signal(self, connection: Connection, message: Signal, _: list[int]) -> None:
        self._require_running()
        try:
            signal.pidfd_send_signal(self._parked.child.descriptor, message.number)
        except OSError as error:
            raise RuntimeFailure(Kind.NOT_RUNNING, f"the container has ended: {error.strerror}") from error
        connection.answer(Done())

    def _resize(self, connection: Connection, message: Resize, _: list[int]) -> None:
        self._require_running()
        if self._terminal is None:
            raise RuntimeFailure(Kind.MISSING_FEATURE, "the container has no terminal")
        with contextlib.suppress(OSError):  # it has ended just now
            resize(self._terminal, message.rows, message.columns)
        connection.answer(Done())

    def _update(self, connection: Connection, message: Update, _: list[int]) -> None:
        self._require_running()
        self._group.limit(message.limits)
        connection.answer(Done())

    def _exec(self, connection: Connection, message: Exec, descriptors: list[int]) -> None:
        self._require_running()
        self._execs.start(connection, message.process, descriptors)

    def _attach(self, connection: Connection, message: Attach, _: list[int]) -> None:
        connection.answer(Attached(segment=self._log.segment, offset=self._log.offset))
        self._streams.attach(connection.release(), message)

    def _watch(self, connection: Connection, _: Watch, __: list[int]) -> None:
        connection.answer(Done())
        if self._exit:
            connection.answer(Exited(code=self._exit.code, at=self._exit.at, oom=self._exit.oom))
        else:
            self._watchers.append(connection)

    def _dismiss(self, connection: Connection, _: Dismiss, __: list[int]) -> None:
        if self._running or self._asker:
            raise RuntimeFailure(Kind.BROKEN, "a container was to be dismissed that has been started")
        self._give_up()
        connection.answer(Done())


def serve(spec: ContainerSpec, engine: Engine, descriptor: int) -> None:
    """Be the shim of a container; ``descriptor`` is the daemon's connection."""
    Shim(spec, engine, socket.socket(fileno=descriptor)).run()
