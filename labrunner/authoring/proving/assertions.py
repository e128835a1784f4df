"""The assertions by which checks refuse, and a source in which each of them can be switched off by its place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from labrunner import verify
from labrunner.authoring.check_file import called

#: What the checks of several labs judge with. By path: the mutants' host imports them after this module, changed.
HELPERS = tuple(Path(verify.__path__[0], f"{name}.py") for name in ("checking", "fixtures", "looking"))
#: The name under which a switchable module finds the places that are switched off.
SWITCHED_OFF = "_switched_off"
_REFUSALS = {"NotDone", "Blocked"}
_EXCEPTION = re.compile(r"\s*# no near miss: (.+)")
_TEXT_LENGTH = 100


@dataclass(frozen=True)
class Assertion:
    """One statement that refuses: ``require``, a helper that demands, a refusal that is raised, or ``assert``.

    ``text`` is what it asks, or says, in short. ``reason`` is why no near miss can reach it, from a comment above it.
    """

    file: Path
    line: int
    last_line: int
    text: str
    reason: str | None = None

    @property
    def place(self) -> str:
        """Where it stands: the file's name, which no two have in common, and the line."""
        return f"{self.file.name}:{self.line}"


def assertions_of(file: Path) -> tuple[Assertion, ...]:
    """All assertions in a file of checks or helpers, in order; none where it cannot be read as Python."""
    try:
        source = file.read_text(encoding="utf-8")
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError):
        return ()
    lines = ["", *source.splitlines()]
    found = (
        Assertion(file, node.lineno, node.end_lineno or node.lineno, _text(node), _exception(lines, node.lineno))
        for node in _asserting(tree)
    )
    return tuple(sorted(found, key=lambda each: each.line))


def switchable(source: str | bytes, name: str) -> ast.Module:
    """The module with each assertion under an ``if``, so that all its mutants are in one process.

    One that is switched off is skipped with its arguments: these only look, and what follows is as after one that
    holds. ``name`` is the file's name.
    """
    tree = ast.parse(source)
    asserting = {id(node) for node in _asserting(tree)}

    class Guarding(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            if id(node) not in asserting or not isinstance(node, ast.stmt):
                return self.generic_visit(node)
            test = ast.parse(f"{f'{name}:{node.lineno}'!r} not in {SWITCHED_OFF}", mode="eval").body
            return ast.copy_location(ast.If(test, [node], []), node)

    Guarding().visit(tree)
    return ast.fix_missing_locations(tree)


def refused_at(places: AbstractSet[tuple[str, int]], known: tuple[Assertion, ...]) -> tuple[Assertion, ...]:
    """The assertions on the way to a refusal, whose places are (file's name, line)."""
    return tuple(
        each
        for each in known
        if any(each.file.name == name and each.line <= line <= each.last_line for name, line in places)
    )


def _asserting(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that refuse. The word ``require`` itself is none: without it there would be no assertion left."""
    words = {id(below) for node in tree.body if getattr(node, "name", "") == "require" for below in ast.walk(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Expr(ast.Call() as call):
                asserts = called(call) == "require" or called(call).startswith("demand_")
            case ast.Raise(ast.Call() as call):
                asserts = called(call) in _REFUSALS
            case _:
                asserts = isinstance(node, ast.Assert)
        if asserts and isinstance(node, ast.stmt) and id(node) not in words:
            yield node


def _text(node: ast.stmt) -> str:
    match node:
        case ast.Expr(ast.Call(func=ast.Name("require"), args=[condition, *_])) | ast.Assert(test=condition):
            text = ast.unparse(condition)
        case _:
            text = ast.unparse(node)
    return text if len(text) <= _TEXT_LENGTH else f"{text[:_TEXT_LENGTH]}…"


def _exception(lines: list[str], line: int) -> str | None:
    found = _EXCEPTION.match(lines[line - 1])
    return found[1] if found else None
