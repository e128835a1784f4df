"""Rules on what a front matter declares: variables, placeholders and secrets are used."""

from __future__ import annotations

import ast
import re

from labrunner.authoring.check_file import root, texts
from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.markup import Kind
from labrunner.authoring.solution import written
from labrunner.authoring.source import CourseSource, LabSource
from labrunner.content.substitute import whole_word
from labrunner.model.progress import exchangeable

#: The variables that the fixture ``registry`` reads.
_OF_REGISTRY = {"registry", "user"}


def unused(source: LabSource, _course: CourseSource) -> Findings:
    """A variable stands in the text or is read by the checks, a placeholder is in what the solution does."""
    read = _read_by_checks(source)
    body = "\n".join(text for _, text in source.body)
    for name, default in source.lab.variables.items():
        in_text = exchangeable(name) and whole_word(default).search(body)
        if not in_text and name not in read and source.checks.checks:
            says = f"expected {name} in the text or in the checks, found it in neither"
            yield Finding(source.file, source.line("vars", name), says, name)
    done = written(source.lab)
    for name in source.lab.ids:
        if not re.search(rf"\b{re.escape(name)}\b", done):
            says = f"expected {name} in a command or an answer of the solution, found it in none"
            yield Finding(source.file, source.line("ids", name), says, name)


def secret(source: LabSource, _course: CourseSource) -> Findings:
    """Each secret of the front matter is typed, and each one that is typed is in the front matter."""
    typed = {part.words["secret"]: part.line for part in source.of(Kind.FENCE) if "secret" in part.words}
    for name in source.lab.secrets.keys() - typed.keys():
        says = f"expected the secret {name} behind a fence's language, found it nowhere"
        yield Finding(source.file, source.line("secrets", name), says, name)
    for name in typed.keys() - source.lab.secrets.keys() if source.readable else ():
        yield Finding(source.file, typed[name], f"expected {name} in 'secrets', found it nowhere", name)


def _read_by_checks(source: LabSource) -> frozenset[str]:
    """The variables that the lab's checks read, themselves or through the fixture ``registry``."""
    read: set[str] = set()
    for node in ast.walk(source.checks.tree):
        if isinstance(node, ast.Subscript) and root(node.value) == "var":
            read |= set(texts(node.slice))
        elif isinstance(node, ast.arg) and node.arg == "registry":
            read |= _OF_REGISTRY
    return frozenset(read)
