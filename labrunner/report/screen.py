"""How text is laid on a screen: words are wrapped at its width, a command never is, colours only where wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

#: The most columns that are used: longer lines are hard to read, and what is no terminal has no width of its own.
WIDEST = 110

#: Below so many columns text begins at the left, where it would stand below its heading otherwise.
NARROW = 60

#: Stands for a blank at which no line may end.
GLUE = "\0"

_COLOUR = re.compile(r"\033\[[\d;]*m")
_WORD = re.compile(r"(?:`[^`]*`|\S)+")


class Colour(Enum):
    """The colours that are used, as the parameters of SGR (ECMA-48, 8.3.117)."""

    BOLD = "1"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    MAGENTA = "35"
    CYAN = "36"


@dataclass(frozen=True)
class Screen:
    """What is written on: ``width`` columns, in ``colours`` or plain."""

    width: int = WIDEST
    colours: bool = False

    def paint(self, text: str, colour: Colour) -> str:
        """The text in that colour; as it is on a plain screen."""
        return f"\033[{colour.value}m{text}\033[0m" if self.colours and text else text

    def wrapped(self, text: str, head: str = "", indent: int | None = None) -> str:
        """The text behind ``head``, its further lines indented (below the first word, if nothing else is said).

        What stands between backquotes, and what GLUE holds together, is never broken, however long.
        """
        rest = " " * (length(head) if indent is None else indent)
        lines, line, empty = [], head, True
        for word in _WORD.findall(text):
            full = length(line) + (not empty) + length(word) > self.width
            if full and (not empty or len(rest) < length(line)):
                lines.append(line.rstrip(" "))
                line, empty = rest, True
            line += word if empty else f" {word}"
            empty = False
        return "\n".join([*lines, line.rstrip(" ") if empty else line]).replace(GLUE, " ")

    def command(self, text: str, head: str) -> str:
        """A command behind ``head``; where both do not fit into a line, it stands on one of its own, unbroken."""
        return f"{head}{text}" if length(head + text) <= self.width else f"{head.rstrip()}\n{text}"


def length(text: str) -> int:
    """The columns that a text takes: colours take none."""
    return len(_COLOUR.sub("", text))
