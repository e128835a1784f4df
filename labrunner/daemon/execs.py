"""Processes beside a container's first one: made, started, looked at, given another terminal size."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import struct
import termios
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from labrunner.daemon.containers.container import Container
from labrunner.daemon.containers.life import Life
from labrunner.daemon.errors import ApiError, at_exec, bad_request, conflict, no_such_exec, not_running
from labrunner.daemon.peers import News, Peer, connect
from labrunner.daemon.resolve import spec
from labrunner.daemon.shapes import ExecBody, words
from labrunner.runtime import messages
from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.messages import ExecExited, ExecStarted
from labrunner.runtime.spec import Process

#: Seconds after its end in which a client may still ask for an exec's exit code.
_REMEMBERED = 300
_SHIM_GONE = 255


@dataclass(eq=False)
class Exec:
    """One process. ``terminal`` is a descriptor of its terminal's master end while it runs, else -1."""

    id: str
    container: Container
    body: ExecBody
    process: Process
    started: bool = False
    running: bool = False
    exit_code: int | None = None
    pid: int = 0
    terminal: int = -1
    peer: Peer | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Ends:
    """The daemon's ends of a process's streams, each its reader's own to close; -1 where there is none.

    Of a terminal, ``stdin`` and ``stdout`` are two descriptors of its master end.
    """

    stdin: int = -1
    stdout: int = -1
    stderr: int = -1


class Execs:
    """All processes that were asked for."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._execs: dict[str, Exec] = {}

    def create(self, container: Container, body: ExecBody) -> Exec:
        """A process to start later. ApiError where the container does not run or there is nothing to start."""
        if not words(body.cmd):
            raise bad_request("No exec command specified")
        if body.privileged:
            raise bad_request("the namespace engine runs no privileged processes; run it without --privileged")
        if not container.running:
            raise not_running(container.id)
        made = Exec(secrets.token_hex(32), container, body, spec.executed(container.record, body))
        self._execs[made.id] = made
        container.execs.add(made.id)
        self._life.tell(container, f"exec_create: {' '.join(made.process.args)}", execID=made.id)
        return made

    def find(self, identity: str) -> Exec:
        """A process by its ID. ApiError where there is none."""
        if identity not in self._execs:
            raise no_such_exec(identity)
        return self._execs[identity]

    def forget(self, container: Container) -> None:
        """Those of a container that is no more."""
        for identity in container.execs:
            self._execs.pop(identity, None)

    def check(self, made: Exec) -> None:
        """Refuse to start what was started, and what has nothing to be started in. ApiError."""
        if made.running:
            raise conflict(f"Error: Exec command {made.id} is already running")
        if made.started:
            raise conflict(f"Error: Exec command {made.id} has already run")
        if not made.container.running:
            raise not_running(made.container.id)

    async def start(self, made: Exec, *, console: tuple[int, int] | None, streams: bool) -> Ends:
        """Start it; its streams, or for nobody where not ``streams``. ApiError, after which its exit code is 126."""
        made.started = made.running = True
        process = replace(made.process, rows=console[0], columns=console[1]) if console else made.process
        self._life.tell(made.container, f"exec_start: {' '.join(process.args)}", execID=made.id)
        ours, theirs = _pipes(made.body, wanted=streams)
        try:
            made.peer = await connect(made.container.run, lambda _, news: self._heard(made, news))
            answer, descriptors = await made.peer.ask(messages.Exec(process=process), theirs)
        except RuntimeFailure as failure:
            for descriptor in (ours.stdin, ours.stdout, ours.stderr):
                close(descriptor)
            error = at_exec(failure)
            self._ended(made, error.code or 0)
            raise error from failure
        finally:
            for descriptor in theirs:
                close(descriptor)
        if isinstance(answer, ExecStarted):
            made.pid = answer.pid
        if descriptors:
            made.terminal = descriptors[0]
            ours = Ends(stdin=os.dup(made.terminal), stdout=os.dup(made.terminal))
        return ours

    def resize(self, made: Exec, rows: int, columns: int) -> None:
        """Set the size of its terminal. ApiError where it has none (any more)."""
        if made.terminal < 0:
            raise ApiError(404, "no such exec") if not made.running else bad_request("the process has no terminal")
        fcntl.ioctl(made.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _heard(self, made: Exec, news: News | None) -> None:
        if isinstance(news, ExecExited):
            self._ended(made, news.code)
        elif news is None and made.running:
            self._ended(made, _SHIM_GONE)

    def _ended(self, made: Exec, code: int) -> None:
        made.running, made.exit_code = False, code
        close(made.terminal)
        made.terminal = -1
        if made.peer is not None:
            made.peer.close()
            self._life.tell(made.container, "exec_die", execID=made.id, exitCode=str(code))
        made.ended.set()
        made.container.execs.discard(made.id)
        asyncio.get_running_loop().call_later(_REMEMBERED, self._execs.pop, made.id, None)


def shape(made: Exec) -> dict[str, Any]:
    """What inspect shows."""
    entrypoint, *arguments = made.process.args
    config: dict[str, Any] = {
        "tty": made.body.tty,
        "entrypoint": entrypoint,
        "arguments": arguments,
        "privileged": False,
    }
    if made.body.user:
        config["user"] = made.body.user
    return {
        "ID": made.id,
        "Running": made.running,
        "ExitCode": made.exit_code,
        "ProcessConfig": config,
        "OpenStdin": made.body.attach_stdin,
        "OpenStderr": made.body.attach_stderr,
        "OpenStdout": made.body.attach_stdout,
        "CanRemove": False,
        "ContainerID": made.container.id,
        "DetachKeys": made.body.detach_keys,
        "Pid": made.pid,
    }


def close(descriptor: int) -> None:
    """Close a descriptor, if it is one."""
    if descriptor >= 0:
        os.close(descriptor)


def _pipes(body: ExecBody, *, wanted: bool) -> tuple[Ends, list[int]]:
    """Our ends of the streams that are wanted, and the process's three, /dev/null for others; none for a terminal."""
    if body.tty:
        return Ends(), []
    ours, theirs = [], []
    for number, attached in enumerate((body.attach_stdin, body.attach_stdout, body.attach_stderr)):
        if wanted and attached:
            reading, writing = os.pipe()
            ours.append(writing if number == 0 else reading)
            theirs.append(reading if number == 0 else writing)
        else:
            ours.append(-1)
            theirs.append(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC))
    return Ends(*ours), theirs
