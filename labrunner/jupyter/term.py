"""Type into one of the lab's kept terminals from a cell, and show there what it shows."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from labrunner.content.substitute import filled_line
from labrunner.jupyter.desk import Desk
from labrunner.model.errors import UsageError
from labrunner.runner.keeping import Keeping
from labrunner.runner.terminal import Terminal

#: Seconds for which a program that was told something is listened to, unless the shell is back before.
_SAY_SECONDS = 5.0
#: Seconds of silence after which all that a terminal has to show has arrived.
_LOOK_SECONDS = 0.2
_CHUNK = 64 << 10
_MARK = re.compile(r"\x1b\]133;D;\d+;aid=[0-9a-f]+\x07")
#: Control sequences (ECMA-48, 5.4), operating system commands, and other escapes.
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]|\x1b[=>78]|[\x07\x0f]"
)
#: What has to wait for what comes next: blanks, which may end a line, and the beginning of a control sequence.
_BEGUN = re.compile(rf"(?:[ \r]|{_CONTROL.pattern})*(?:\x1b(?:\][^\x07]*|\[[0-?]*[ -/]*|[()])?)?\Z")
#: What is not to be seen: a carriage return that stands at a line's end or begin, and the blanks before its end.
_UNSEEN = re.compile(r"[ \r]+(?=\n)|(?<=\n)\r+|\A\r+")


class Shown:
    """What a terminal shows of one line that was typed, as text for a cell: without its echo and without the prompt."""

    def __init__(self, to: TextIO) -> None:
        self._to = to
        self._echo = True
        self._ended = False
        self._begun = ""

    def write(self, text: str) -> None:
        """Pass on what of it is the line's own."""
        text, self._begun = self._begun + text, ""
        if self._echo:
            echo, newline, text = text.partition("\n")
            if not newline:
                self._begun = echo
                return
            self._echo = False
        if begun := _BEGUN.search(text):
            text, self._begun = text[: begun.start()], begun[0]
        if self._ended:
            return
        if mark := _MARK.search(text):
            text, self._ended = text[: mark.start()], True
        self._to.write(cleaned(text))

    def flush(self) -> None:
        """Nothing: a kernel passes on by itself what was written, five times a second; to wait for it takes long."""


@dataclass(frozen=True)
class Typing:
    """How a cell types: until what is shown, with which reply, and with which of the lab's secrets."""

    until: str | None = None
    reply: str | None = None
    secret: str | None = None


def type_lines(desk: Desk, name: str, cell: str, how: Typing, out: TextIO) -> None:
    """Type a cell's lines into the terminal of that name; a line that ends in a backslash goes on in the next one."""
    lines = [line.strip() for line in re.sub(r"\s*\\\n\s*", " ", cell).splitlines() if line.strip()]
    known = desk.home.secrets(desk.lab)
    if how.secret is not None and how.secret not in known:
        raise UsageError(
            f"the secret {how.secret} was to be typed, and those of {desk.lab.name} are {', '.join(known) or 'none'}",
            next="the cell without --secret",
        )
    terminals = desk.terminals()
    for line in [fill_in(desk, line) for line in lines]:
        holds = terminals.runs(name) is not None
        terminal = terminals.open(name)
        out.write(f"{'' if holds else '$ '}{line}\n")
        terminal.record(Shown(out))
        try:
            _type(terminal, line, how, secret=known.get(how.secret or ""), holds=holds)
        except KeyboardInterrupt:
            out.write(f"\n(let go of; %term {name} --press Ctrl-C ends what runs in that terminal)\n")
            raise
        finally:
            terminal.close()
    if goes_on := terminals.runs(name):
        out.write(f"\n(left running in the terminal {name}: {goes_on})\n")


def press(desk: Desk, name: str, key: str, out: TextIO) -> None:
    """Press a key in the terminal of that name, which ends what runs there."""
    terminals = desk.terminals()
    runs = terminals.runs(name)
    if runs is None:
        out.write(f"nothing runs in the terminal {name}\n")
        return
    terminal = terminals.open(name)
    try:
        terminal.press(key)
    finally:
        terminal.close()
    out.write(f"{key} has ended {runs} in the terminal {name}\n")


def look(desk: Desk, name: str, out: TextIO) -> None:
    """Show what the terminal of that name has shown of late, and what runs there."""
    out.write(cleaned(_shown(desk, name)).strip() + "\n")
    if runs := desk.terminals().runs(name):
        out.write(f"\n(running in the terminal {name}: {runs})\n")


def _shown(desk: Desk, name: str) -> str:
    """What the terminal shows to a newcomer; of a program that paints its screen anew, the last picture."""
    _, connection = Keeping(desk.home.path).attach(desk.lab.name, name, replay=True)
    shown = b""
    with connection, suppress(TimeoutError):
        connection.settimeout(_LOOK_SECONDS)
        while data := connection.recv(_CHUNK):
            shown += data
    return re.split(r"\x1b\[H", shown.decode(errors="replace"))[-1]


def cleaned(text: str) -> str:
    """What a terminal has shown as plain text."""
    return _UNSEEN.sub("", _CONTROL.sub("", _MARK.sub("", text)))


def fill_in(desk: Desk, line: str) -> str:
    """The line as it is in this home; UsageError with the step to do first where it needs what no step has made yet."""
    progress = desk.home.journal.progress()
    filled, missing = filled_line(desk.lab, line, progress.of_lab(desk.lab), progress.recorded())
    for evidence in missing:
        raise UsageError(
            f"BLOCKED: {line!r} needs the {evidence.key} of {evidence.step}, and that step has not passed yet",
            next=f"labrunner check {evidence.step}",
        )
    return filled


def _type(terminal: Terminal, line: str, how: Typing, *, secret: str | None, holds: bool) -> None:
    if how.until is not None:
        terminal.hold(line, how.until)
    elif holds:
        terminal.say(line, _SAY_SECONDS)
    else:
        terminal.run(line, reply=how.reply, secret=secret)
