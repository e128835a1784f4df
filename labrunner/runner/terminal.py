"""A real terminal with a shell in it, driven as a learner's hands drive one."""

from __future__ import annotations

import os
import re
import secrets
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

import pexpect

from labrunner.model.errors import ToolError

#: Seconds that one command may take; a first build fetches packages.
COMMAND_SECONDS = 600
#: Seconds within which a program that holds the terminal has to show itself, or to end after a key.
READY_SECONDS = 30
#: Seconds between the steps by which a shell is ended.
_END_SECONDS = 0.01
_KEYS = {"Ctrl-C": "c", "Ctrl-D": "d"}
_QUESTION = r"(?:\[y/N\]|[?:])\s*$"
_HIDDEN = r"[Pp]assword:\s*$"


class Terminal:
    """One terminal. A transcript gets what it shows; what is typed at a hidden prompt is never shown."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._mark = f"labrunner-{secrets.token_hex(4)}"
        self._prompt = re.escape(self._mark) + r":(\d+)\$ "
        if not os.access(folder, os.X_OK):  # pexpect would find out after its fork, and go on as a second labrunner
            raise ToolError(
                f"a terminal was to be opened in {folder}, and there is no such folder for this user",
                next="labrunner start LAB makes it again",
            )
        with tempfile.NamedTemporaryFile("w", prefix="labrunner-inputrc-", delete=False) as inputrc:
            inputrc.write("set enable-bracketed-paste off\n")
        try:
            self._child: pexpect.spawn[str] = pexpect.spawn(
                "bash",
                ["--norc", "--noprofile"],
                cwd=str(folder),
                env={
                    **environ,
                    "PS1": f"{self._mark}:$?$ ",
                    "PROMPT_COMMAND": "",
                    "HISTFILE": "",  # otherwise bash adds to the user's own history, and cuts it to 500 lines
                    "INPUTRC": inputrc.name,
                    "TERM": "xterm",
                },
                preexec_fn=_hear_interrupts,
                encoding="utf-8",
                codec_errors="replace",
                dimensions=(50, 240),
                timeout=READY_SECONDS,
            )
            # By default it waits 50 to 100 ms at each of these, for programs that are slower than a shell.
            self._child.delaybeforesend = None
            process = self._child.ptyproc  # type: ignore[attr-defined]  # types-pexpect does not know it
            process.delayafterclose = process.delayafterterminate = _END_SECONDS
            self._expect_prompt(READY_SECONDS)
        finally:
            Path(inputrc.name).unlink()

    def record(self, transcript: TextIO | None) -> None:
        """Copy what the terminal shows from now on to ``transcript``, or to nothing."""
        self._child.logfile_read = transcript

    def run(self, line: str, *, reply: str | None = None, secret: str | None = None) -> str:
        """Type a command, answer its question, wait for its end; what it showed.

        A command that ends without asking is not answered: the shell would show and run what was meant for it.
        """
        self._type(line)
        asks = True
        if reply is not None and (asks := self._expect(_QUESTION, READY_SECONDS, line)):
            self._child.sendline(reply)
        if secret is not None and asks and (asks := self._expect(_HIDDEN, READY_SECONDS, line)):
            self._child.waitnoecho(READY_SECONDS)
            if self._child.getecho():
                raise ToolError(f"{line!r} asks for the password, and would show it", next="labrunner doctor")
            self._child.sendline(secret)
        if asks:
            self._expect_prompt(COMMAND_SECONDS, line)
        return (self._child.before or "").replace("\r\n", "\n")

    def hold(self, line: str, ready: str | None) -> None:
        """Type a line to the shell or to the program that holds the terminal, and wait until it has shown itself."""
        self._type(line)
        self._expect(ready or r"\S", READY_SECONDS, line)

    def leave(self, line: str) -> None:
        """Type a line that ends the program, and wait for the shell."""
        self._child.sendline(line)
        self._expect_prompt(READY_SECONDS, line)

    def press(self, key: str) -> None:
        """Press a key that ends the program, and wait for the shell."""
        self._child.sendcontrol(_KEYS[key])
        self._expect_prompt(READY_SECONDS, key)

    def close(self) -> None:
        """End the shell and what still runs in it."""
        self._child.logfile_read = None
        self._child.close(force=True)

    def _type(self, line: str) -> None:
        """Type a line and read its echo."""
        self._child.sendline(line)
        self._wait(["\n"], READY_SECONDS, line)

    def _expect_prompt(self, seconds: float, typed: str = "a shell") -> None:
        self._wait([self._prompt], seconds, typed)

    def _expect(self, pattern: str, seconds: float, typed: str) -> bool:
        """Wait for the pattern; False where the shell's prompt came instead.

        The prompt is always an answer: a command that ended instead of asking is judged by its outcome.
        """
        return self._wait([pattern, self._prompt], seconds, typed) == 0

    def _wait(self, patterns: list[str], seconds: float, typed: str) -> int:
        try:
            return self._child.expect([*patterns], timeout=seconds)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            what = "has ended" if isinstance(error, pexpect.EOF) else f"did not answer within {seconds:.0f} s"
            shown = (self._child.before or "").strip().splitlines()
            raise ToolError(
                f"{typed!r} was typed, and its terminal {what}; its last line: {shown[-1] if shown else 'none'}",
                next="labrunner doctor",
            ) from error


def _hear_interrupts() -> None:
    """Ctrl-C works in the terminal even where this process was started in the background, which ignores SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
