"""The namespace engine as a program: start it, find it, stop it. It is a process, and never imported.

Its data lie in one folder (docs/decisions/0013-the-namespace-engine.md), and whoever answers on the socket in it is
asked for its PID by SO_PEERCRED (unix(7)), so no file with a number can be out of date.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labrunner.engine.start import last_line
from labrunner.model.errors import ToolError, UsageError

#: Where the data lie, if not in the usual place.
DATA = "LABRUNNER_ENGINE_DATA"
#: How a line of the log begins, behind its time, that says what is lacking.
_WARNING = " WARNING labrunner.daemon: "
_START_SECONDS = 30.0
_STOP_SECONDS = 60.0
#: The longest path of a socket, in bytes (unix(7)).
_LONGEST = 107


@dataclass(frozen=True)
class NamespaceEngine:
    """The engine of one data folder, whether it runs or not."""

    data: Path

    @property
    def socket(self) -> Path:
        """Where it answers."""
        return self.data / "engine.sock"

    @property
    def host(self) -> str:
        """The same as DOCKER_HOST has it."""
        return f"unix://{self.socket}"

    @property
    def log(self) -> Path:
        """What it says while it runs."""
        return self.data / "engine.log"

    def pid(self) -> int | None:
        """The PID of the daemon that answers; None where none does."""
        with socket.socket(socket.AF_UNIX) as asking:
            try:
                asking.connect(str(self.socket))
            except OSError:
                return None
            credentials = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            return int(struct.unpack("3i", credentials)[0])


def namespace_engine(data: str | None = None, environ: Mapping[str, str] = os.environ) -> NamespaceEngine:
    """The engine in ``data``, else in LABRUNNER_ENGINE_DATA, else in this user's usual place."""
    given = data or environ.get(DATA)
    engine = NamespaceEngine(Path(given).expanduser().absolute() if given else _usual(environ))
    if len(os.fsencode(engine.socket)) > _LONGEST:
        raise UsageError(
            f"the engine's socket was to be {engine.socket}, and a socket's path has at most {_LONGEST} bytes",
            next="labrunner engine start --data DIR, with a shorter one",
        )
    return engine


def start(engine: NamespaceEngine) -> tuple[str, ...] | None:
    """Start the daemon in a process session of its own, and return once its API answers; None where it ran already.

    Else what it goes on without on this host, a sentence each. ToolError with its own words where it ends instead.
    """
    if engine.pid() is not None:
        return None
    try:
        engine.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = engine.log.open("ab")
    except OSError as error:
        raise ToolError(
            f"the engine's data were to lie in {engine.data}, and it cannot be written ({error.strerror})",
            next="labrunner engine start --data DIR, with a folder of your own",
        ) from error
    before = os.fstat(log.fileno()).st_size
    ready, told = os.pipe()
    with log, os.fdopen(ready, "rb", buffering=0) as waiting:
        try:
            daemon = subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, "-m", "labrunner.daemon", *_arguments(engine), "--ready-fd", str(told)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                pass_fds=[told],
                start_new_session=True,
            )
        finally:
            os.close(told)
        answered, _, _ = select.select([waiting], [], [], _START_SECONDS)
        if answered and waiting.read(1):
            said = engine.log.read_bytes()[before:].decode(errors="replace").splitlines()
            return tuple(line.partition(_WARNING)[2] for line in said if _WARNING in line)
    if daemon.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            daemon.wait(timeout=1)
    if daemon.poll() is None:
        daemon.kill()
    raise ToolError(last_line(engine.log), next=f"labrunner doctor --engine namespace, or tail {engine.log}")


def stop(engine: NamespaceEngine) -> bool:
    """End the daemon and with it its containers; False where none ran. ToolError where it does not end in a minute."""
    pid = engine.pid()
    if pid is None:
        return False
    with _watched(pid) as watching:
        os.kill(pid, signal.SIGTERM)
        ended, _, _ = select.select([watching], [], [], _STOP_SECONDS)
    if not ended:
        raise ToolError(
            f"the namespace engine (process {pid}) was to end, and it still runs after {_STOP_SECONDS:.0f} seconds",
            next=f"kill -9 {pid}",
        )
    return True


def is_namespace(version: Mapping[str, Any]) -> bool:
    """Whether what answered ``GET /version`` so is the namespace engine."""
    return any(part.get("Name") == "labrunner" for part in version.get("Components") or ())


def _arguments(engine: NamespaceEngine) -> list[str]:
    return ["--data", str(engine.data), "--socket", str(engine.socket)]


def _usual(environ: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/labrunner")
    share = environ.get("XDG_DATA_HOME") or Path(environ.get("HOME", "/"), ".local/share")
    return Path(share, "labrunner")


@contextlib.contextmanager
def _watched(pid: int) -> Iterator[int]:
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
