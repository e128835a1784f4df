"""One lab's Markdown to a Lab: markdown-it finds the headings, fences and hints, this module gives them meaning.

The format is docs/reference/lab-format.md.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from labrunner.content.frontmatter import StepFields, read_front_matter
from labrunner.model.errors import LabFileError
from labrunner.model.lab import Action, Command, KeyPress, Lab, Step, Typed, Visit, WriteFile

#: The Markdown of the labs.
MARKDOWN = MarkdownIt("commonmark").enable("table").use(front_matter_plugin)
_HINT = re.compile(r"<details>\s*<summary>Hint</summary>", re.IGNORECASE)
_KEYS = {"Ctrl-C", "Ctrl-D"}
_OPTIONS = {
    "run": {"run", "term", "hold", "ready", "reply", "secret"},
    "type": {"type", "term", "ready"},
    "press": {"press", "term"},
    "file": {"file"},
    "open": {"open"},
    "shows": {"shows"},
    "aside": {"aside"},
}
#: The option that names a secret; a string constant so that no scanner takes it for one.
_SECRET = "secret"  # noqa: S105 - the word of the format, not a password


@dataclass(frozen=True)
class _Section:
    """The lines [first, last) of one ``##`` section, its title and its tokens."""

    title: str
    first: int
    last: int
    tokens: tuple[Token, ...]


def parse_lab(file: Path, name: str, number: int) -> Lab:
    """The lab in ``file``. Raises LabFileError with file and line for the first mistake found."""
    lab, mistakes = read_lab(file, name, number)
    if lab is None or mistakes:
        raise mistakes[0]
    return lab


def read_lab(file: Path, name: str, number: int) -> tuple[Lab | None, tuple[LabFileError, ...]]:
    """The lab in ``file`` and every mistake in it; what is wrong in a step is left out of the lab.

    There is no lab where its file, its front matter or the number of its steps is wrong.
    """
    mistakes: list[LabFileError] = []
    try:
        return _lab(file, name, number, mistakes), tuple(mistakes)
    except LabFileError as error:
        return None, (*mistakes, error)


def _lab(file: Path, name: str, number: int, mistakes: list[LabFileError]) -> Lab:
    """The lab; mistakes that leave the rest readable are added to ``mistakes``, others are raised."""
    shown = str(file)
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LabFileError(shown, 1, "a readable file in UTF-8", str(error)) from error
    lines = source.split("\n")  # as Markdown counts them: splitlines() would also end a line at a form feed or U+2028
    tokens = MARKDOWN.parse(source)
    if not tokens or tokens[0].type != "front_matter":
        raise LabFileError(shown, 1, "front matter between two lines '---'", lines[0] or "an empty file")
    fields, wrong = read_front_matter(name, shown, tokens[0].content)
    mistakes.extend(wrong)
    sections = list(_sections(tokens[1:], len(lines)))
    intro_end = sections[0].first if sections else len(lines)
    if len(sections) != len(fields.steps):
        raise LabFileError(
            shown,
            sections[-1].first + 1 if sections else 1,
            f"{len(fields.steps)} sections '##', one for each step of the front matter",
            str(len(sections)),
        )
    return Lab(
        name=name,
        number=number,
        title=fields.title,
        minutes=fields.minutes,
        intro=_without_title(lines[(tokens[0].map or [0, 0])[1] : intro_end]),
        steps=tuple(
            _step(shown, lines, section, step, position, mistakes)
            for position, (section, step) in enumerate(zip(sections, fields.steps, strict=True), start=1)
        ),
        folder=file.parent,
        images=fields.images,
        variables=fields.variables,
        ids=fields.ids,
        secrets=fields.secrets,
        carry=fields.carry,
        acknowledged=fields.acknowledged,
    )


def _sections(tokens: Sequence[Token], end: int) -> Iterator[_Section]:
    starts = [i for i, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"]
    for start, following in zip(starts, [*starts, None][1:], strict=True):
        first = (tokens[start].map or [0])[0]
        last = end if following is None else (tokens[following].map or [end])[0]
        yield _Section(tokens[start + 1].content, first, last, tuple(tokens[start:following]))


def _without_title(lines: Sequence[str]) -> str:
    """The introduction without the lab's own heading; a comment in a fence begins with ``# `` too, and stays."""
    return re.sub(r"\A# [^\n]*", "", "\n".join(lines).strip()).strip()


def _step(
    file: str, lines: Sequence[str], section: _Section, fields: StepFields, number: int, mistakes: list[LabFileError]
) -> Step:
    hints, cut = _hints(file, lines, section, mistakes)
    actions: list[Action] = []
    for fence in (token for token in section.tokens if token.type == "fence"):
        try:
            actions.extend(fence_actions(file, fence))
        except LabFileError as error:
            mistakes.append(error)
    kept = [line for n, line in enumerate(lines) if section.first < n < section.last and n not in cut]
    return Step(
        ref=fields.ref,
        number=number,
        title=section.title,
        text=re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip(),
        hints=hints,
        actions=tuple(actions),
        needs=fields.needs,
        until=fields.until,
        ask=fields.ask,
    )


def _hints(
    file: str, lines: Sequence[str], section: _Section, mistakes: list[LabFileError]
) -> tuple[tuple[str, ...], set[int]]:
    """The hints of a section, and the numbers of the lines they stand on."""
    hints: list[str] = []
    cut: set[int] = set()
    blocks = [token for token in section.tokens if token.type == "html_block" and token.map]
    for i, block in enumerate(blocks):
        if not _HINT.search(block.content):
            continue
        start = (block.map or [0, 0])[0]
        close = blocks[i + 1] if i + 1 < len(blocks) else None
        if close is None or close.map is None or "</details>" not in close.content:
            expected = "a hint with blank lines inside and '</details>' after it"
            mistakes.append(LabFileError(file, start + 1, expected, block.content))
            continue
        hints.append("\n".join(lines[(block.map or [0, 0])[1] : close.map[0]]).strip())
        cut.update(range(start, close.map[1]))
    return tuple(hints), cut


def fence_actions(file: str, fence: Token) -> Iterator[Action]:
    """The actions of one fence, none where it is only shown; LabFileError with ``file`` where its words are wrong."""
    line = (fence.map or [0])[0] + 1
    kind, options = _words(file, line, fence.info)
    body = re.sub(r"\s*\\\n\s*", " ", fence.content)
    lines = [text.strip() for text in body.splitlines() if text.strip()]
    terminal, ready = options.get("term", "main"), options.get("ready")
    match kind:
        case "run":
            hold, reply, secret = "hold" in options, options.get("reply"), options.get(_SECRET)
            yield from (Command(text, terminal, hold, ready, reply, secret) for text in lines)
        case "type":
            yield from (Typed(text, terminal, ready) for text in lines)
        case "press":
            if options["press"] not in _KEYS:
                raise LabFileError(file, line, f"one of the keys {', '.join(sorted(_KEYS))}", options["press"])
            yield KeyPress(options["press"], terminal)
        case "file":
            yield WriteFile(options["file"], fence.content)
        case "open":
            yield Visit(options["open"])


def _words(file: str, line: int, info: str) -> tuple[str | None, dict[str, str]]:
    """The kind of a fence and its options; no kind where it has nothing but a language and is only shown."""
    try:
        _, *words = shlex.split(info) or [""]
    except ValueError as error:
        raise LabFileError(file, line, "words that a shell could split", f"{info!r} ({error})") from error
    options = dict(word.partition("=")[::2] for word in words)
    kind = next((word for word in options if word in _OPTIONS), None)
    if kind is None and words:
        raise LabFileError(file, line, f"one of {', '.join(_OPTIONS)} after the fence's language", words[0])
    if kind is not None and (surplus := set(options) - _OPTIONS[kind]):
        expected = f"only {', '.join(sorted(_OPTIONS[kind]))} after the fence's language"
        raise LabFileError(file, line, expected, min(surplus))
    if kind in {"file", "open"} and not options[kind]:
        raise LabFileError(file, line, f"a value after '{kind}='", "nothing")
    return kind, options
