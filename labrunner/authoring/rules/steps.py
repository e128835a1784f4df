"""Rules on how steps build on each other."""

from __future__ import annotations

import re

from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.solution import filled_in
from labrunner.authoring.source import CourseSource, LabSource
from labrunner.model.lab import Evidence

#: A word of a command that looks as if it were to be filled in; the name of a shell's variable does not.
_PLACEHOLDER = re.compile(r"(?<![\w$])[A-Z][A-Z0-9]*_ID(?!\w|=)")


def empty(source: LabSource, _course: CourseSource) -> Findings:
    """A step gives the learner something to do, or asks something."""
    for step in source.lab.steps:
        if not step.actions and step.ask is None and source.sound(step):
            says = f"expected something to do or to answer in {step.name}, found neither"
            yield Finding(source.file, source.heading(step), says, step.name)


def needs(source: LabSource, course: CourseSource) -> Findings:
    """What a step needs still holds when it begins."""
    for step in source.lab.steps:
        known = [course.course.step(need) for need in step.needs if need in course.order]
        for need in known:
            until = need.until
            if until in {None, need.ref} or until not in course.order:
                continue
            if course.order[until] < course.order[step.ref]:
                says = f"expected {step.name} to need what still holds, found {need.ref}, which ends with {until}"
                yield Finding(source.file, source.line("steps", step.name), says, step.name)


def placeholder(source: LabSource, course: CourseSource) -> Findings:
    """A placeholder is declared, and filled in by what the checks of its step record."""
    for name, evidence in source.lab.ids.items():
        recorded = _recorded(course, evidence)
        if recorded is not None and evidence.key not in recorded:
            keys = ", ".join(sorted(recorded)) or "nothing"
            says = f"expected what the checks of {evidence.step} record ({keys}), found {evidence.key}"
            yield Finding(source.file, source.line("ids", name), says, name)
    for step in source.lab.steps:
        for line, text in filled_in(source, step):
            for name in _PLACEHOLDER.findall(text):
                if name not in source.lab.ids:
                    yield Finding(source.file, line, f"expected {name} in 'ids', found it nowhere", name)


def filled(source: LabSource, course: CourseSource) -> Findings:
    """A step whose commands have a placeholder needs the step that fills it in."""
    for step in source.lab.steps:
        before = course.before(step)
        for line, text in filled_in(source, step):
            for name in source.lab.ids.keys() & set(re.findall(r"\w+", text)):
                filler = source.lab.ids[name].step
                if before is not None and filler not in {*before, step.ref}:
                    says = f"expected {step.name} to need {filler}, which fills in {name}, found that it does not"
                    yield Finding(source.file, line, says, name)


def _recorded(course: CourseSource, evidence: Evidence) -> frozenset[str] | None:
    """The keys of evidence that a step's checks record; None where that cannot be told."""
    files = (each.checks for each in course.labs if each.name == evidence.step.lab)
    keys = [check.recorded for file in files for check in file.of(evidence.step.step)]
    known = [each for each in keys if each is not None]
    return frozenset().union(*known) if keys and len(known) == len(keys) else None
