"""Rules on how a check judges: on what it looked at, with a reason, and with what to do next."""

from __future__ import annotations

import ast

from labrunner.authoring.check_file import Check, called, calls, root, texts_in
from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.source import CourseSource, LabSource

#: What refuses a learner's work, with the places of the reason and of the next command.
_REFUSALS = {"require": (1, None), "NotDone": (0, 1), "Blocked": (0, 1)}
#: The fixtures through which a check sees the engine, the ports and the registry.
_EYES = {"engine", "registry"}


def reason(source: LabSource, _course: CourseSource) -> Findings:
    """Whatever refuses says why and what to do next, and a check can refuse."""
    file = source.checks.file
    for node in ast.walk(source.checks.tree):
        if isinstance(node, ast.Assert):
            says = "expected require(condition, reason, next=…), found a bare assert"
            yield Finding(file, node.lineno, says)
        elif isinstance(node, ast.Call) and called(node) in _REFUSALS:
            for what in _lacks(node):
                says = f"expected {what} in {called(node)}(), found none"
                yield Finding(file, node.lineno, says)
    for check in source.checks.checks:
        if not any(called(call) in _REFUSALS for call in calls(check.node)):
            says = f"expected {check.name} to refuse what is not done by require(), found that it refuses nothing"
            yield Finding(file, check.line, says, check.name)


def _lacks(call: ast.Call) -> list[str]:
    reason_at, next_at = _REFUSALS[called(call)]
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return []
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    said = given.get("reason") or next(iter(call.args[reason_at : reason_at + 1]), None)
    following = given.get("next") or (next(iter(call.args[next_at : next_at + 1]), None) if next_at else None)
    return [
        what
        for what, value in (("a reason", said), ("a next command", following))
        if value is None or (isinstance(value, ast.Constant) and not value.value)
    ]


def looks(source: LabSource, _course: CourseSource) -> Findings:
    """A check asks the engine, a port, the registry or the process table, never what was typed alone."""
    for check in source.checks.checks:
        if not _looks(check):
            says = f"expected {check.name} to ask the engine, a port, the registry or a process, found that it does not"
            yield Finding(source.checks.file, check.line, says, check.name)


def _looks(check: Check) -> bool:
    """Whether it calls something of the engine's or the registry's, hands one to a helper, or reads ``/proc``."""
    for call in calls(check.node):
        if isinstance(call.func, ast.Attribute) and root(call.func) in _EYES:
            return True
        if any(isinstance(given, ast.Name) and given.id in _EYES for given in call.args):
            return True
    return any(text.startswith("/proc") for _, text in texts_in(check.node))
