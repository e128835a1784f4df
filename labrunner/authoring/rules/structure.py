"""Rules on how a lab is laid out."""

from __future__ import annotations

import re

from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.markup import STEP_LEVEL, Kind
from labrunner.authoring.source import CourseSource, LabSource


def loadable(source: LabSource, course: CourseSource) -> Findings:
    """The loader reads the lab, and no other lab has its number or its name."""
    for mistake in source.mistakes:
        yield Finding(source.file, mistake.line, mistake.says.partition(": ")[2])
    for other in course.labs:
        if other.file < source.file and (other.number == source.number or other.name == source.name):
            says = f"expected a number and a name that no other lab has, found those of {other.file.parent.name} too"
            yield Finding(source.file, 1, says)


def title(source: LabSource, _course: CourseSource) -> Findings:
    """The text begins with one '#' heading, the lab's title; the lab takes some minutes."""
    if source.mistakes:
        return
    headings = [part for part in source.of(Kind.HEADING) if part.level == 1]
    if [part.text for part in headings] != [source.lab.title]:
        line = headings[-1].line if headings else source.line("title")
        found = ", ".join(repr(part.text) for part in headings) or "none"
        yield Finding(source.file, line, f"expected one heading '# {source.lab.title}', found {found}")
    if source.lab.minutes < 1:
        yield Finding(source.file, source.line("minutes"), f"expected at least 1 minute, found {source.lab.minutes}")


def heading(source: LabSource, _course: CourseSource) -> Findings:
    """No two steps have the same heading, and no level is left out on the way down."""
    seen: dict[str, int] = {}
    level = 1
    for part in source.of(Kind.HEADING):
        if part.level > level + 1:
            says = f"expected at most '{'#' * (level + 1)}' below '{'#' * level}', found '{'#' * part.level}'"
            yield Finding(source.file, part.line, says)
        level = part.level
        if level == STEP_LEVEL and seen.setdefault(part.text, part.line) != part.line:
            says = f"expected a heading that no other step has, found {part.text!r} on line {seen[part.text]} too"
            yield Finding(source.file, part.line, says)


def markup(source: LabSource, _course: CourseSource) -> Findings:
    """Nothing in the text is invisible or stray on one of the screens: HTML, MyST's comments and directives."""
    for part in source.of(Kind.HTML):
        says = f"expected Markdown, found HTML, which terminals do not show: {part.text.splitlines()[0]}"
        yield Finding(source.file, part.line, says, part.text)
    for part in source.of(Kind.PROSE):
        if stray := re.match(r"%|:{3,}", part.text):
            what = "a comment" if stray[0] == "%" else "a directive"
            says = f"expected Markdown, found {what}, which GitHub shows as text: {part.text}"
            yield Finding(source.file, part.line, says, part.text)
