"""The bash of a lab's terminal: how it is started, and how the end of a command is told from its output.

Its prompt carries an invisible mark, the escape sequence OSC 133;D of the semantic prompts that terminals know
(https://gitlab.freedesktop.org/Per_Bothner/specifications/-/blob/master/proposals/semantic-prompts.md), with the last
exit code and a word that no program can guess.
"""

from __future__ import annotations

import re
import secrets
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

#: Without the user's own start files: every learner's terminal behaves alike.
ARGUMENTS = ("bash", "--norc", "--noprofile")


@dataclass(frozen=True)
class Prompt:
    """A shell's prompt: what the learner sees, and the mark that nobody sees."""

    shown: str
    mark: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def ps1(self) -> str:
        """For bash's PS1."""
        return rf"\[\e]133;D;$?;aid={self.mark}\a\]{self.shown}"

    @property
    def pattern(self) -> str:
        """The regular expression of the prompt as it arrives."""
        return rf"\x1b\]133;D;\d+;aid={self.mark}\x07{re.escape(self.shown)}"


def without_marks(text: str) -> tuple[str, str]:
    """What was shown without any prompt's mark, and the beginning of a mark that may end in what comes next."""
    text = re.sub(r"\x1b\]133;D;\d+;aid=[0-9a-f]+\x07", "", text)
    begun = re.search(r"\x1b(?:\](?:1(?:3(?:3[^\x07]*)?)?)?)?$", text)
    return (text, "") if begun is None else (text[: begun.start()], begun[0])


@contextmanager
def shell_environ(environ: Mapping[str, str], prompt: Prompt) -> Iterator[dict[str, str]]:
    """The environment that the shell is to be started with inside this context; it lasts until the first prompt."""
    with tempfile.NamedTemporaryFile("w", prefix="labrunner-inputrc-", delete=False) as inputrc:
        inputrc.write("set enable-bracketed-paste off\nset bell-style none\n")
    try:
        yield {
            **environ,
            "PS1": prompt.ps1,
            "PROMPT_COMMAND": "",
            "HISTFILE": "",  # otherwise bash adds to the user's own history, and cuts it to 500 lines
            "INPUTRC": inputrc.name,
        }
    finally:
        Path(inputrc.name).unlink()


def hear_interrupts() -> None:
    """Ctrl-C works in the terminal even where this process was started in the background, which ignores SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
