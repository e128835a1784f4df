"""Talk to the home's keeper, and start it where none runs."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pexpect.fdpexpect import fdspawn

from labrunner.model.errors import ToolError
from labrunner.proxy.start import Scoped
from labrunner.runner.shell import Prompt
from labrunner.runner.terminal import READY_SECONDS, Terminal

_START_SECONDS = 15.0
#: Seconds after which a keeper is started once more: the first one may have met an old one that was just ending.
_AGAIN_SECONDS = 1.5
_POLL_SECONDS = 0.01
_TRIES = 3
#: End of line, then kill it: what somebody has half typed at the prompt goes.
_CLEAR_LINE = b"\x05\x15"
_CHUNK = 64 << 10
#: Rows and columns of a terminal that no screen shows yet.
SIZE = (50, 240)


def socket_folder(home: Path) -> Path:
    """The folder of this home's sockets, for this user only.

    It is in XDG_RUNTIME_DIR, else in the folder for temporary files: the path of a unix socket has 107 bytes at most,
    and a home may lie deep.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    top = Path(base, "labrunner") if base else Path(tempfile.gettempdir(), f"labrunner-{os.getuid()}")
    folder = top / hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    for each in (top, folder):
        each.mkdir(mode=0o700, exist_ok=True)
        found = each.lstat()
        if found.st_uid != os.getuid() or found.st_mode & 0o077 or not each.is_dir() or each.is_symlink():
            raise ToolError(
                f"the sockets of {home} were to be in {each}, and that is not a folder of yours alone",
                next="set XDG_RUNTIME_DIR to a folder that only you may enter",
            )
    return folder


class Keeping:
    """The keeper of one home, as its clients see it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder = socket_folder(home)
        self._socket = self._folder / "keeper.sock"

    def terminal(self, lab: str, name: str, folder: Path, environ: Mapping[str, str]) -> Terminal:
        """The lab's terminal of that name, to be typed to; it is opened where there is none.

        A program that holds it goes on, and so does the terminal when this one is closed.
        """
        state = self.open(lab, name, folder, environ)
        _, connection = self.attach(lab, name, replay=False)
        if state["runs"] is None:
            connection.sendall(_CLEAR_LINE)
        child: fdspawn[str] = fdspawn(
            connection, encoding="utf-8", codec_errors="replace", timeout=READY_SECONDS, use_poll=True
        )
        prompt = Prompt(state["shown"], state["mark"])
        return Terminal(child, prompt, echoes=lambda: self._echoes(lab, name), end=connection.close)

    def open(
        self, lab: str, name: str, folder: Path, environ: Mapping[str, str], size: tuple[int, int] = SIZE
    ) -> Mapping[str, Any]:
        """Have the lab's terminal of that name; its state. ``runs`` is what holds it, None for the shell."""
        rows, columns = size
        what = {"lab": lab, "terminal": name, "folder": str(folder), "environ": dict(environ)}
        return self._ask({"do": "open", **what, "rows": rows, "columns": columns})

    def attach(self, lab: str, name: str, *, replay: bool) -> tuple[Mapping[str, Any], socket.socket]:
        """A connection that is the terminal; ``replay`` shows first what it has shown of late."""
        return self._talk({"do": "attach", "lab": lab, "terminal": name, "replay": replay})

    def scope(self, endpoint: str, ledger: Path, labs: Iterable[str]) -> Scoped:
        """The scope in front of an engine, one socket for each lab; it is started where there is none."""
        folder = self._folder / hashlib.sha256(endpoint.encode()).hexdigest()[:8]
        folder.mkdir(mode=0o700, exist_ok=True)
        what = {"endpoint": endpoint, "ledger": str(ledger), "home": str(self._home), "folder": str(folder)}
        return Scoped(Path(self._ask({"do": "scope", **what, "labs": list(labs)})["folder"]))

    def resize(self, lab: str, name: str, rows: int, columns: int) -> None:
        """Give a terminal the size of the screen that shows it."""
        self._ask({"do": "resize", "lab": lab, "terminal": name, "rows": rows, "columns": columns})

    @property
    def runs(self) -> bool:
        """Whether a keeper runs, which is not started for this."""
        try:
            self._connect(start=False).close()
        except OSError:
            return False
        return True

    def terminals(self) -> tuple[Mapping[str, Any], ...]:
        """The state of every terminal; none where no keeper runs, which is not started for this."""
        return self._if_running({"do": "look"})

    def end(self, lab: str | None) -> None:
        """End the terminals of a lab, or of all labs, where a keeper runs."""
        self._if_running({"do": "end", "lab": lab})

    def stop(self) -> None:
        """End the keeper, and so all terminals."""
        self._if_running({"do": "stop"})

    def _echoes(self, lab: str, name: str) -> bool:
        return any(s["echoes"] for s in self.terminals() if (s["lab"], s["terminal"]) == (lab, name))

    def _if_running(self, asked: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        try:
            connection = self._connect(start=False)
        except OSError:
            return ()
        with connection:
            try:
                return tuple(exchange(connection, asked)["terminals"])
            except ConnectionError:  # it was just ending
                return ()

    def _ask(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        answer, connection = self._talk(asked)
        connection.close()
        return answer

    def _talk(self, asked: Mapping[str, Any]) -> tuple[Mapping[str, Any], socket.socket]:
        """Ask the keeper, and another one where that was just ending."""
        for _ in range(_TRIES):
            connection = self._connect(start=True)
            try:
                return exchange(connection, asked), connection
            except ConnectionError:
                connection.close()
            except BaseException:
                connection.close()
                raise
        raise ToolError(
            f"the keeper of {self._home} was asked to {asked['do']}, and it ended each of {_TRIES} times",
            next="labrunner doctor",
        )

    def _connect(self, *, start: bool) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(self._socket))
        except OSError:
            connection.close()
            if not start:
                raise
            return self._start()
        return connection

    def _start(self) -> socket.socket:
        """Start a keeper, and connect. Where two do so at once, one of the two keepers ends by itself."""
        log = self._folder / "keeper.log"
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            with log.open("wb") as complaints:
                subprocess.run(  # noqa: S603 - this very package
                    [sys.executable, "-P", "-m", "labrunner.runner.keeper", str(self._folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=complaints,
                    start_new_session=True,
                    check=False,
                )
            again = time.monotonic() + _AGAIN_SECONDS
            while time.monotonic() < again:
                with suppress(OSError):
                    return self._connect(start=False)
                time.sleep(_POLL_SECONDS)  # a keeper says by nothing but its answer that it is up
        last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["its log is empty"]
        raise ToolError(
            f"the keeper of {self._home} was started, and it does not answer: {last[0]}", next="labrunner doctor"
        )


def exchange(connection: socket.socket, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send one line and read one, and no more than that: what follows it is the terminal's.

    ConnectionError where the keeper has ended, ToolError with the keeper's own words where it cannot be done.
    """
    connection.settimeout(READY_SECONDS + _START_SECONDS)
    line = bytearray()
    connection.sendall(json.dumps(asked).encode() + b"\n")
    while not line.endswith(b"\n"):
        there = connection.recv(_CHUNK, socket.MSG_PEEK)
        if not there:
            raise ConnectionResetError
        line += connection.recv(there.find(b"\n") + 1 or len(there))
    connection.settimeout(None)
    answer: Mapping[str, Any] = json.loads(line)
    if "error" in answer:
        raise ToolError(answer["error"], next=answer["next"] or "labrunner shell")
    return answer
