"""Rules on what the text points at: files, headings, labs and steps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from labrunner.authoring.check_file import texts_in
from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.markup import Kind, Part, read_markup
from labrunner.authoring.source import CourseSource, LabSource

#: A command of labrunner with the lab or the step that it is about.
_NAMED = re.compile(
    r"\blabrunner (?:start|show|check|hint|solve|goto|reset|run|list|doctor)"
    r" ([a-z0-9]+(?:-[a-z0-9]+)*(?:/[a-z0-9]+(?:-[a-z0-9]+)*)?)(?![\w/-])"
)
_UNDEFINED = re.compile(r"\[[^\[\]]+\]\[[^\[\]]*\]")


def link(source: LabSource, _course: CourseSource) -> Findings:
    """A link into the course leads to a file and a heading that exist; so does the address of a picture."""
    for part in source.of(Kind.LINK, Kind.PICTURE):
        problem = _problem(source, part.target)
        if problem:
            yield Finding(source.file, part.line, f"expected {problem}, found {part.target!r}", part.target)
    for part in source.of(Kind.PROSE):
        for found in _UNDEFINED.findall(part.text):
            yield Finding(source.file, part.line, f"expected a link that is defined, found {found}", found)


def name(source: LabSource, course: CourseSource) -> Findings:
    """A command of labrunner, in the text or in a check, names a lab or a step that exists."""
    for part in source.of(Kind.CODE, Kind.FENCE):
        yield from _unknown_names(source, course, source.file, part.line, part.text)
    for line, text in texts_in(source.checks.tree):
        yield from _unknown_names(source, course, source.checks.file, line, text)


def _unknown_names(source: LabSource, course: CourseSource, file: Path, line: int, text: str) -> Findings:
    for named in _NAMED.findall(text):
        if not _exists(source, course, named):
            yield Finding(file, line, f"expected a lab or a step that exists, found {named}", named)


def _exists(source: LabSource, course: CourseSource, named: str) -> bool:
    of, slash, step = named.rpartition("/")
    if not slash and any(each.name == step for each in course.labs):
        return True
    owner = next((each for each in course.labs if each.name == (of or source.name)), None)
    if owner is None or not owner.readable:
        return owner is not None
    return any(step in {each.name, each.position} for each in owner.lab.steps)


def _problem(source: LabSource, target: str) -> str | None:
    """What was expected in place of a target; None where it is right, or leads out of the course."""
    address = urlsplit(target)
    if address.scheme or address.netloc:
        return None
    if not target or address.path.startswith("/"):
        return "an address, or a path from the lab's folder"
    file = source.file.parent / unquote(address.path) if address.path else source.file
    if not file.exists():
        return "a file that exists"
    if address.fragment and file.suffix == ".md":
        parts = source.parts if file == source.file else read_markup(file.read_text(encoding="utf-8", errors="replace"))
        if unquote(address.fragment) not in set(_anchors(parts)):
            return "a heading that exists"
    return None


def _anchors(parts: Iterable[Part]) -> Iterator[str]:
    """The names that GitHub and MyST give to headings: in lower case, hyphens for blanks, a number where it recurs."""
    seen: Counter[str] = Counter()
    for part in parts:
        if part.kind is Kind.HEADING:
            anchor = re.sub(r"[^\w\- ]", "", part.text.lower()).replace(" ", "-")
            yield f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor
            seen[anchor] += 1
