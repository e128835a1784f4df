"""A real terminal with a shell in it, driven as a learner's hands drive one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import pexpect
from pexpect.fdpexpect import fdspawn

from labrunner.model.errors import ToolError
from labrunner.runner.shell import ARGUMENTS, Prompt, hear_interrupts, shell_environ

#: Seconds that one command may take; a first build fetches packages.
COMMAND_SECONDS = 600
#: Seconds within which a program that holds the terminal has to show itself, or to end after a key.
READY_SECONDS = 30
#: Seconds between the steps by which a shell is ended.
_END_SECONDS = 0.01
_POLL_SECONDS = 0.02
#: Rows and columns: wide enough for what docker shows.
_SIZE = (50, 240)
_KEYS = {"Ctrl-C": "\x03", "Ctrl-D": "\x04"}
_QUESTION = r"(?:\[y/N\]|[?:])\s*$"
_HIDDEN = r"[Pp]assword:\s*$"


class Shown(Protocol):
    """Where a copy of what a terminal shows goes: a text file, or what can do as much."""

    def write(self, text: str, /) -> object:
        """Take some text."""

    def flush(self) -> object:
        """Pass on what was taken."""


class Terminal:
    """One terminal, read and typed to at ``child``. A transcript gets what it shows; a hidden prompt shows nothing.

    ``echoes`` says whether the terminal shows what is typed; ``end`` is called to close it.
    """

    def __init__(
        self,
        child: pexpect.spawn[str] | fdspawn[str],
        prompt: Prompt,
        *,
        echoes: Callable[[], bool],
        end: Callable[[], None],
    ) -> None:
        self._child = child
        # By default it waits 50 to 100 ms at each of these, for programs that are slower than a shell.
        self._child.delaybeforesend = None
        self._prompt = prompt.pattern
        self._echoes = echoes
        self._end = end

    def record(self, transcript: Shown | None) -> None:
        """Copy what the terminal shows from now on to ``transcript``, or to nothing."""
        self._child.logfile_read = transcript

    def run(self, line: str, *, reply: str | None = None, secret: str | None = None) -> str:
        """Type a command, answer its question, wait for its end; what it showed.

        A command that ends without asking is not answered: the shell would show and run what was meant for it.
        """
        self._type(line)
        asks = True
        if reply is not None and (asks := self._expect(_QUESTION, READY_SECONDS, line)):
            self._send(reply + "\n", reply)
        if secret is not None and asks and (asks := self._expect(_HIDDEN, READY_SECONDS, line)):
            self._demand_hidden(line)
            self._send(secret + "\n", "the password")
        if asks:
            self.expect_prompt(COMMAND_SECONDS, line)
        return (self._child.before or "").replace("\r\n", "\n")

    def hold(self, line: str, ready: str | None) -> None:
        """Type a line to the shell or to the program that holds the terminal, and wait until it has shown itself."""
        self._type(line)
        self._expect(ready or r"\S", READY_SECONDS, line)

    def leave(self, line: str) -> None:
        """Type a line that ends the program, and wait for the shell."""
        self._send(line + "\n", line)
        self.expect_prompt(READY_SECONDS, line)

    def say(self, line: str, seconds: float) -> None:
        """Type a line to the program, and wait for ``seconds``, or for the shell where the line ends the program."""
        self._send(line + "\n", line)
        with suppress(pexpect.TIMEOUT, pexpect.EOF):
            self._child.expect(self._prompt, timeout=seconds)

    def press(self, key: str) -> None:
        """Press a key that ends the program, and wait for the shell."""
        self._send(_KEYS[key], key)
        self.expect_prompt(READY_SECONDS, key)

    def close(self) -> None:
        """Let go of the terminal; one that was opened here ends, with what still runs in it."""
        self._child.logfile_read = None
        self._end()

    def expect_prompt(self, seconds: float, typed: str = "a shell") -> None:
        """Wait until the shell waits for a command; ToolError after ``seconds``, which names what was typed."""
        self._wait([self._prompt], seconds, typed)

    def _type(self, line: str) -> None:
        """Type a line and read its echo."""
        self._send(line + "\n", line)
        self._wait(["\n"], READY_SECONDS, line)

    def _demand_hidden(self, line: str) -> None:
        """Wait until the terminal shows nothing of what is typed."""
        deadline = time.monotonic() + READY_SECONDS
        while self._echoes():
            if time.monotonic() > deadline:
                raise ToolError(f"{line!r} asks for the password, and would show it", next="labrunner doctor")
            time.sleep(_POLL_SECONDS)  # a program tells nobody that it has switched the echo off

    def _expect(self, pattern: str, seconds: float, typed: str) -> bool:
        """Wait for the pattern; False where the shell's prompt came instead.

        The prompt is always an answer: a command that ended instead of asking is judged by its outcome.
        """
        return self._wait([pattern, self._prompt], seconds, typed) == 0

    def _send(self, text: str, typed: str) -> None:
        try:
            self._child.send(text)
        except OSError as error:
            raise self._broken(typed, "has ended") from error

    def _wait(self, patterns: list[str], seconds: float, typed: str) -> int:
        try:
            return self._child.expect([*patterns], timeout=seconds)
        except pexpect.EOF as error:
            raise self._broken(typed, "has ended") from error
        except pexpect.TIMEOUT as error:
            raise self._broken(typed, f"did not answer within {seconds:.0f} s") from error

    def _broken(self, typed: str, what: str) -> ToolError:
        shown = (self._child.before or "").strip().splitlines()
        return ToolError(
            f"{typed!r} was typed, and its terminal {what}; its last line: {shown[-1] if shown else 'none'}",
            next="labrunner doctor",
        )


def open_terminal(folder: Path, environ: Mapping[str, str]) -> Terminal:
    """A terminal of this process's own, in ``folder``."""
    prompt = Prompt(f"{folder.name}$ ")
    with shell_environ({**environ, "TERM": "xterm"}, prompt) as known:
        child = spawn_shell(folder, known)
        terminal = Terminal(child, prompt, echoes=child.getecho, end=lambda: child.close(force=True))
        terminal.expect_prompt(READY_SECONDS)
    return terminal


def spawn_shell(folder: Path, environ: Mapping[str, str], size: tuple[int, int] = _SIZE) -> pexpect.spawn[str]:
    """A shell in a terminal of ``size`` (rows, columns); ToolError where it cannot be in ``folder``."""
    if not os.access(folder, os.X_OK):  # pexpect would find out after its fork, and go on as a second labrunner
        raise ToolError(
            f"a terminal was to be opened in {folder}, and there is no such folder for this user",
            next="labrunner start LAB makes it again",
        )
    child: pexpect.spawn[str] = pexpect.spawn(
        ARGUMENTS[0],
        list(ARGUMENTS[1:]),
        cwd=str(folder),
        env=dict(environ),
        preexec_fn=hear_interrupts,
        encoding="utf-8",
        codec_errors="replace",
        dimensions=size,
        timeout=READY_SECONDS,
    )
    process = child.ptyproc  # type: ignore[attr-defined]  # types-pexpect does not know it
    process.delayafterclose = process.delayafterterminate = _END_SECONDS
    return child
