"""Rules on how checks and steps belong together."""

from __future__ import annotations

from labrunner.authoring.check_file import Check, called, calls, texts
from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.source import CourseSource, LabSource
from labrunner.model.lab import StepRef


def missing(source: LabSource, _course: CourseSource) -> Findings:
    """Each step has a check, in a file that can be read."""
    if source.checks.mistake:
        line, why = source.checks.mistake
        yield Finding(source.checks.file, line, f"expected checks in Python, found a mistake: {why}")
        return
    for step in source.lab.steps:
        if not source.checks.of(step.name):
            says = f'expected a check with @step("{step.name}") in {source.checks.file.name}, found none'
            yield Finding(source.file, source.heading(step), says, step.name)


def pointing(source: LabSource, _course: CourseSource) -> Findings:
    """A check points at a step of its lab."""
    names = {step.name for step in source.lab.steps}
    for check in source.checks.checks:
        if check.step is None:
            yield _finding(source, check, '@step("name") above', "none")
        elif source.readable and check.step not in names:
            yield _finding(source, check, f"a step of {source.name} in @step above", check.step)


def says(source: LabSource, _course: CourseSource) -> Findings:
    """A check has a docstring: the sentence that the learner reads, which no other check of the lab has."""
    seen: dict[str, str] = {}
    for check in source.checks.checks:
        if not check.says:
            yield _finding(source, check, "a docstring, the sentence that the learner reads, in", "none")
        elif seen.setdefault(check.says, check.name) != check.name:
            yield _finding(source, check, "a docstring of its own in", f"that of {seen[check.says]}")


def asks(source: LabSource, _course: CourseSource) -> Findings:
    """The check of an asking step judges the answer; no other one waits for an answer."""
    for step in source.lab.steps:
        for check in source.checks.of(step.name):
            asked = "answer" in check.asks_for
            if step.ask is not None and not asked:
                yield _finding(source, check, f"the fixture 'answer', since {step.name} asks something, in", "none")
            if step.ask is None and asked:
                yield _finding(source, check, f"no fixture 'answer', since {step.name} asks nothing, in", "one")


def needs(source: LabSource, course: CourseSource) -> Findings:
    """What a check compares with was recorded by a step that its own step needs."""
    for step in source.lab.steps:
        before = course.before(step)
        for check in source.checks.of(step.name):
            for call in calls(check.node) if before is not None else ():
                for name in texts(*call.args[:1]) if called(call) == "recorded" else ():
                    of, _, other = name.rpartition("/")
                    if StepRef(of or source.name, other) not in (before or ()):
                        expected = f"recorded() of a step that {step.name} needs in"
                        yield _finding(source, check, expected, name, call.lineno)


def _finding(source: LabSource, check: Check, expected: str, found: str, line: int | None = None) -> Finding:
    says = f"expected {expected} {check.name}, found {found}"
    return Finding(source.checks.file, line or check.line, says, check.name)
