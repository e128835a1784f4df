"""Rules on the values that are exchanged in a text without templates: unmistakable, exchanged wherever they stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.markup import Kind
from labrunner.authoring.solution import written
from labrunner.authoring.source import CourseSource, LabSource
from labrunner.content.substitute import whole_word
from labrunner.model.lab import Course, Lab
from labrunner.model.progress import exchangeable

#: The container's port of a published one.
_INSIDE = re.compile(r"(?:-p|--publish)[ =]\S*?:(\d+)(?!\S*:)")


def ambiguous(source: LabSource, course: CourseSource) -> Findings:
    """The value that is exchanged means one thing only, in this lab and in all others."""
    for name, default in _exchanged(source.lab).items():
        for says in _other_meanings(source.lab, name, default, course.course):
            yield Finding(source.file, source.line("vars", name), f"expected for {name} {says}", name)
        for part in source.of(Kind.PROSE) if default.isalpha() else ():
            if whole_word(default).search(part.text):
                says = f"expected {default}, the value of {name}, as code only, found it as a word: {part.text}"
                yield Finding(source.file, part.line, says, name)


def _other_meanings(lab: Lab, name: str, default: str, course: Course) -> Iterator[str]:
    for other, value in lab.variables.items():
        if other != name and value == default:
            yield f"a value that no other variable has, found {default}, which is {other}'s too"
    if default in _INSIDE.findall(written(lab)):
        yield f"a value that is no container's port, found {default}"
    for image in lab.images:
        if whole_word(default).search(image):
            yield f"a value that names no image, found {default}, as in {image}"
    for earlier in (each for each in course.labs if each.number < lab.number):
        if earlier.variables.get(name, default) != default:
            yield f"the value that it has in {earlier.name}, {earlier.variables[name]}, found {default}"


def literal(source: LabSource, course: CourseSource) -> Findings:
    """A value that is exchanged stands nowhere undeclared or in a longer word: there it would stay as it is."""
    own = _exchanged(source.lab)
    covered = whole_word(*own.values()) if own else None
    everywhere = _everywhere(course)
    for line, text in source.body if source.readable else ():
        rest = covered.sub("", text) if covered else text
        for value, name in everywhere.items():
            if re.search(rf"(?<![\w.]){re.escape(value)}(?!\w)", rest):
                where = "as a word of its own" if name in own else "in 'vars'"
                says = f"expected {name} {where}, found its value {value}, which is not exchanged so"
                yield Finding(source.file, line, says, name)


def literal_in_check(source: LabSource, course: CourseSource) -> Findings:
    """A check reads a value that is exchanged from ``var``."""
    everywhere = _everywhere(course)
    for node in ast.walk(source.checks.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int):
            for value, name in everywhere.items():
                if whole_word(value).search(str(node.value)):
                    says = f'expected var["{name}"], found its value {value}, which is not exchanged in a check'
                    yield Finding(source.checks.file, node.lineno, says, name)


def _everywhere(course: CourseSource) -> Mapping[str, str]:
    return {value: name for lab in course.course.labs for name, value in _exchanged(lab).items()}


def _exchanged(lab: Lab) -> Mapping[str, str]:
    return {name: value for name, value in lab.variables.items() if exchangeable(name) and value}
