"""Rules on what helps the learner along: hints, and words for pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.markup import Kind, Part
from labrunner.authoring.solution import commands
from labrunner.authoring.source import CourseSource, LabSource
from labrunner.model.lab import Step

_FEWEST_HINTS = 2
#: A command of fewer words is no secret that a first hint could give away.
_TELLING_WORDS = 3


def hints(source: LabSource, _course: CourseSource) -> Findings:
    """Each step has at least two hints, from vague to exact."""
    for step in source.lab.steps:
        if source.sound(step) and (says := _lack(step)):
            parts = (part.line for part in source.of(*Kind, step=step.number - 1) if part.hint is not None)
            yield Finding(source.file, next(parts, source.heading(step)), says, step.name)


def _lack(step: Step) -> str | None:
    """What the hints of a step lack: one, words, vagueness, exactness. None where they are as they should be."""
    if len(step.hints) < _FEWEST_HINTS:
        return f"expected at least {_FEWEST_HINTS} hints in {step.name}, found {len(step.hints)}"
    if not all(step.hints):
        return f"expected words in each hint of {step.name}, found none in one"
    if step.ask is not None:  # its exact hint leads to the answer, not to a command
        return None
    whole = [line for line in commands(step) if len(line.split()) >= _TELLING_WORDS and line in step.hints[0]]
    if whole:
        return f"expected a vague first hint in {step.name}, found the whole command {whole[0]!r}"
    solution = {word for line in commands(step) for word in _words(line)}
    exact = [len(solution & _words(hint)) for hint in step.hints]
    if exact[-1] < max(exact):
        return f"expected the last hint of {step.name} to be the most exact, found more of the solution in another"
    return None


def _words(text: str) -> set[str]:
    return {word.strip("`.,:;()\"'") for word in text.split()}


def alt_text(source: LabSource, _course: CourseSource) -> Findings:
    """A picture says in words what it shows, and not how its file is called."""
    for target, alternative, part in _pictures(source):
        if not alternative.strip() or alternative.strip() in {target, PurePosixPath(target).name}:
            found = repr(alternative) if alternative else "nothing"
            says = f"expected words that say what the picture {target} shows, found {found}"
            yield Finding(source.file, part.line, says, target)


def _pictures(source: LabSource) -> Iterator[tuple[str, str, Part]]:
    """Where each picture is, its alternative text, and the part of the lab's text; HTML's are pictures too."""
    for part in source.of(Kind.PICTURE):
        yield part.target, part.text, part
    for part in source.of(Kind.HTML):
        for tag in re.findall(r"<img\b[^>]*>", part.text, re.IGNORECASE):
            target, words = (re.search(rf"\b{name}=[\"']([^\"']*)", tag) for name in ("src", "alt"))
            yield target[1] if target else "", words[1] if words else "", part
