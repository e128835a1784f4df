"""Load the whole course and make sure that its labs fit together."""

from __future__ import annotations

import re
from pathlib import Path

from labrunner.content.parse import parse_lab
from labrunner.model.errors import LabFileError, ToolError
from labrunner.model.lab import Course, Lab, Step, WriteFile

_FOLDER = re.compile(r"(\d\d)-([a-z0-9]+(?:-[a-z0-9]+)*)")


def load_course(labs: Path) -> Course:
    """Every lab below ``labs``, in the order of its folder's number.

    Raises LabFileError where a lab's text, or a step's name in ``needs``, ``until`` or ``ids``, is wrong.
    """
    found = [(match, folder) for folder in labs.iterdir() if (match := _FOLDER.fullmatch(folder.name))]
    if not found:
        raise ToolError(f"there is no lab below {labs}", next="pip install --force-reinstall labrunner")
    course = Course(
        tuple(
            parse_lab(folder / "lab.md", match[2], int(match[1]))
            for match, folder in sorted(found, key=lambda item: item[1].name)
        )
    )
    for lab in course.labs:
        _check_steps(course, lab)
        _check_files(course, lab)
    return course


def _check_steps(course: Course, lab: Lab) -> None:
    order = {step.ref: place for place, step in enumerate(course.steps)}
    for step in lab.steps:
        for need in step.needs:
            if need not in order or order[need] >= order[step.ref]:
                raise _wrong(lab, step.name, f"a step before {step.ref} in 'needs'", str(need))
            if course.step(need).ask is not None:
                raise _wrong(lab, step.name, "a step that asks nothing in 'needs'", str(need))
        if step.until is not None and order.get(step.until, -1) < order[step.ref]:
            raise _wrong(lab, step.name, f"{step.ref} or a step after it in 'until'", str(step.until))
    for name, evidence in lab.ids.items():
        if evidence.step not in order:
            raise _wrong(lab, name, "a step that exists in 'ids'", str(evidence.step))


def _check_files(course: Course, lab: Lab) -> None:
    for other, files in lab.carry.items():
        if other not in {earlier.name for earlier in course.labs if earlier.number < lab.number}:
            raise _wrong(lab, other, "an earlier lab in 'carry'", other)
        steps = course.lab(other).steps
        written = {action.path for step in steps for action in step.actions if isinstance(action, WriteFile)}
        for name in files:
            if name not in written:
                raise _wrong(lab, other, f"a file that a step of {other} writes in 'carry'", name)


def _wrong(lab: Lab, key: str, expected: str, found: str) -> LabFileError:
    file = lab.folder / "lab.md"
    lines = file.read_text(encoding="utf-8").splitlines()
    line = next((n for n, text in enumerate(lines, start=1) if text.strip().startswith(f"{key}:")), 1)
    return LabFileError(str(file), line, expected, found)


def before(course: Course, step: Step) -> tuple[Step, ...]:
    """Every step that ``step`` builds on, directly or not, in the course's order."""
    wanted = set(step.needs)
    while more := {need for ref in wanted for need in course.step(ref).needs} - wanted:
        wanted |= more
    return tuple(each for each in course.steps if each.ref in wanted)
