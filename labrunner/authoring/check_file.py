"""A file of checks, read without being imported: the checks, what each points at, asks for and looks at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from labrunner.content.locate import lab_of


@dataclass(frozen=True)
class Check:
    """One check. ``step`` is the name in its mark, None where there is none; ``asks_for`` are its fixtures."""

    node: ast.FunctionDef

    @property
    def name(self) -> str:
        """Its function's name."""
        return self.node.name

    @property
    def line(self) -> int:
        """The line of its ``def``."""
        return self.node.lineno

    @property
    def says(self) -> str | None:
        """Its docstring, the sentence that the learner reads."""
        return ast.get_docstring(self.node)

    @property
    def asks_for(self) -> frozenset[str]:
        """The fixtures that it asks for."""
        return frozenset(argument.arg for argument in self.node.args.args)

    @property
    def step(self) -> str | None:
        """The step that its mark names; None without a mark."""
        marks = (call for call in self.node.decorator_list if isinstance(call, ast.Call) and called(call) == "step")
        return next((word for call in marks for word in texts(*call.args)), None)

    @property
    def recorded(self) -> frozenset[str] | None:
        """The keys of evidence that it records; None where they are not all written down in it."""
        keys: set[str] = set()
        for node in ast.walk(self.node):
            if isinstance(node, ast.Call) and called(node) == "update" and root(node.func) == "evidence":
                if node.args or any(keyword.arg is None for keyword in node.keywords):
                    return None
                keys |= {keyword.arg for keyword in node.keywords if keyword.arg}
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and root(node) == "evidence":
                keys |= set(texts(node.slice))
        return frozenset(keys)


@dataclass(frozen=True)
class CheckFile:
    """The checks of one lab. ``tree`` is empty where the file is no Python; ``mistake`` then says where and why."""

    file: Path
    tree: ast.Module
    mistake: tuple[int, str] | None = None

    @property
    def lab(self) -> str:
        """The lab that it is for."""
        return lab_of(self.file)

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """Its checks, in order."""
        functions = (node for node in self.tree.body if isinstance(node, ast.FunctionDef))
        return tuple(Check(node) for node in functions if node.name.startswith("test_"))

    def of(self, step: str) -> tuple[Check, ...]:
        """The checks of that step."""
        return tuple(check for check in self.checks if check.step == step)


def read_checks(file: Path) -> CheckFile:
    """The checks in ``file``."""
    try:
        return CheckFile(file, ast.parse(file.read_bytes(), str(file)))
    except SyntaxError as error:
        return CheckFile(file, ast.Module([], []), (error.lineno or 1, error.msg))
    except (OSError, ValueError) as error:
        return CheckFile(file, ast.Module([], []), (1, str(error)))


def no_checks(file: Path) -> CheckFile:
    """What stands for the file of checks that a lab does not have."""
    return CheckFile(file, ast.Module([], []))


def calls(node: ast.AST) -> Iterator[ast.Call]:
    """Every call below a node, in order."""
    return (below for below in ast.walk(node) if isinstance(below, ast.Call))


def called(call: ast.Call) -> str:
    """The name by which a function is called: ``update`` of ``evidence.update(…)``."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def texts_in(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string below a node, with its line; of an f-string, the parts between what is filled in."""
    return (
        (below.lineno, below.value)
        for below in ast.walk(node)
        if isinstance(below, ast.Constant) and isinstance(below.value, str)
    )


def root(node: ast.AST) -> str | None:
    """The name that an expression begins with: ``engine`` of ``engine.api.json``."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def texts(*nodes: ast.AST) -> Iterator[str]:
    """Those of the nodes that are strings."""
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
