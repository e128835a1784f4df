"""The parts of a lab's text that rules look at, each with its line, its step and its hint."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from markdown_it.token import Token

from labrunner.content.parse import MARKDOWN

#: A "##" begins a step.
STEP_LEVEL = 2
_HINT = re.compile(r"<details>\s*<summary>Hint</summary>\s*", re.IGNORECASE)


class Kind(Enum):
    """What a part of a text is."""

    PROSE = auto()
    CODE = auto()
    FENCE = auto()
    HEADING = auto()
    LINK = auto()
    PICTURE = auto()
    HTML = auto()


@dataclass(frozen=True)
class Part:
    """One part. ``step`` and ``hint`` are counted from 0; None outside of any.

    ``text`` is what is read: of a picture its alternative text, of HTML the tag. ``target`` is where a link leads and
    where a picture is. A fence has a ``language`` and the ``words`` behind it; a heading has a ``level``.
    """

    kind: Kind
    line: int
    text: str
    step: int | None
    hint: int | None
    target: str = ""
    language: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    level: int = 0


def read_markup(source: str) -> tuple[Part, ...]:
    """The parts of a Markdown file, in order; the front matter is none of them."""
    return tuple(_Reader().parts(MARKDOWN.parse(source)))


class _Reader:
    """Goes through the tokens, and knows in which step and hint it is."""

    def __init__(self) -> None:
        self.step: int | None = None
        self.hint: int | None = None
        self.hints = 0

    def parts(self, tokens: Sequence[Token]) -> Iterator[Part]:
        line, level = 1, 0
        for token in tokens:
            line = token.map[0] + 1 if token.map else line
            match token.type:
                case "heading_open":
                    level = int(token.tag[1])
                    self._enter_section(level)
                case "heading_close":
                    level = 0
                case "inline" if level:
                    yield Part(Kind.HEADING, line, token.content, self.step, None, level=level)
                    yield from self._inline(token, line)
                case "inline":
                    yield from self._inline(token, line)
                case "fence":
                    language, words = _words(token.info)
                    yield self._part(Kind.FENCE, line, token.content, language=language, words=words)
                case "html_block":
                    yield from self._html(token.content.strip(), line)

    def _enter_section(self, level: int) -> None:
        if level == STEP_LEVEL:
            self.step = 0 if self.step is None else self.step + 1
            self.hint, self.hints = None, 0

    def _html(self, content: str, line: int) -> Iterator[Part]:
        if _HINT.fullmatch(content):
            self.hint, self.hints = self.hints, self.hints + 1
        elif content == "</details>" and self.hint is not None:
            self.hint = None
        else:
            yield self._part(Kind.HTML, line, content)

    def _inline(self, token: Token, first: int) -> Iterator[Part]:
        """The parts of a paragraph, a heading or a cell, whose lines are found again in what was written."""
        end = 0
        for child in token.children or ():
            start, end = _find(token.content, child.content, end)
            line = first + token.content.count("\n", 0, start)
            match child.type:
                case "text":
                    yield self._part(Kind.PROSE, line, child.content)
                case "code_inline":
                    yield self._part(Kind.CODE, line, child.content)
                case "html_inline":
                    yield self._part(Kind.HTML, line, child.content)
                case "link_open":
                    yield self._part(Kind.LINK, line, "", target=str(child.attrs.get("href", "")))
                case "image":
                    yield self._part(Kind.PICTURE, line, child.content, target=str(child.attrs.get("src", "")))

    def _part(
        self,
        kind: Kind,
        line: int,
        text: str,
        *,
        target: str = "",
        language: str = "",
        words: Mapping[str, str] | None = None,
    ) -> Part:
        return Part(kind, line, text, self.step, self.hint, target, language, words or {})


def _find(written: str, text: str, start: int) -> tuple[int, int]:
    """Where the text begins and ends; a code span has a blank where a line ends in what was written."""
    found = written.find(text, start)
    if found >= 0:
        return found, found + len(text)
    broken = re.compile(re.escape(text).replace(r"\ ", r"\s+")).search(written, start)
    return broken.span() if broken else (start, start)


def _words(info: str) -> tuple[str, Mapping[str, str]]:
    """A fence's language and the words behind it; what is wrong with them, the loader says."""
    try:
        language, *words = shlex.split(info) or [""]
    except ValueError:
        language, _, rest = info.partition(" ")
        return language, {rest: ""}
    return language, dict(word.partition("=")[::2] for word in words)
