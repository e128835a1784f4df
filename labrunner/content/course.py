"""Load the whole course and make sure that its labs fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from labrunner.content.frontmatter import line_of
from labrunner.content.parse import parse_lab
from labrunner.model.errors import LabFileError, ToolError
from labrunner.model.lab import Course, Lab, Step, WriteFile

_FOLDER = re.compile(r"(\d\d)-([a-z0-9]+(?:-[a-z0-9]+)*)")


def load_course(labs: Path) -> Course:
    """Every lab below ``labs``, in the order of its folder's number.

    Raises LabFileError where a lab's text, or a step's name in ``needs``, ``until`` or ``ids``, is wrong.
    """
    course = Course(tuple(parse_lab(*found) for found in find_labs(labs)))
    for mistake in misfits(course):
        raise mistake
    return course


def find_labs(labs: Path) -> tuple[tuple[Path, str, int], ...]:
    """The file, the name and the number of every lab below ``labs``, in the order of the numbers."""
    found = [(match, folder) for folder in labs.iterdir() if (match := _FOLDER.fullmatch(folder.name))]
    if not found:
        raise ToolError(f"there is no lab below {labs}", next="pip install --force-reinstall labrunner")
    return tuple(
        (folder / "lab.md", match[2], int(match[1])) for match, folder in sorted(found, key=lambda item: item[1].name)
    )


def misfits(course: Course, unread: frozenset[str] = frozenset()) -> Iterator[LabFileError]:
    """Each name of a step, a lab or a file in a front matter that leads nowhere or backwards.

    ``unread`` are labs that exist and could not be read; what leads into them is not judged.
    """
    for lab in course.labs:
        yield from _wrong_steps(course, lab, unread)
        yield from _wrong_files(course, lab, unread)


def _wrong_steps(course: Course, lab: Lab, unread: frozenset[str]) -> Iterator[LabFileError]:
    order = {step.ref: place for place, step in enumerate(course.steps)}
    for step in lab.steps:
        for need in step.needs:
            if need.lab in unread:
                continue
            if need not in order or order[need] >= order[step.ref]:
                yield _wrong(lab, ("steps", step.name), f"a step before {step.ref} in 'needs'", str(need))
            elif course.step(need).ask is not None:
                yield _wrong(lab, ("steps", step.name), "a step that asks nothing in 'needs'", str(need))
        until = step.until
        if until is not None and until.lab not in unread and order.get(until, -1) < order[step.ref]:
            yield _wrong(lab, ("steps", step.name), f"{step.ref} or a step after it in 'until'", str(until))
    for name, evidence in lab.ids.items():
        if evidence.step not in order and evidence.step.lab not in unread:
            yield _wrong(lab, ("ids", name), "a step that exists in 'ids'", str(evidence.step))


def _wrong_files(course: Course, lab: Lab, unread: frozenset[str]) -> Iterator[LabFileError]:
    earlier = {other.name for other in course.labs if other.number < lab.number}
    for other, files in lab.carry.items():
        if other in unread:
            continue
        if other not in earlier:
            yield _wrong(lab, ("carry", other), "an earlier lab in 'carry'", other)
            continue
        steps = course.lab(other).steps
        written = {action.path for step in steps for action in step.actions if isinstance(action, WriteFile)}
        for name in files:
            if name not in written:
                yield _wrong(lab, ("carry", other), f"a file that a step of {other} writes in 'carry'", name)


def _wrong(lab: Lab, key: tuple[str, ...], expected: str, found: str) -> LabFileError:
    file = lab.folder / "lab.md"
    return LabFileError(str(file), line_of(file.read_text(encoding="utf-8"), *key), expected, found)


def before(course: Course, step: Step) -> tuple[Step, ...]:
    """Every step that ``step`` builds on, directly or not, in the course's order."""
    wanted = set(step.needs)
    while more := {need for ref in wanted for need in course.step(ref).needs} - wanted:
        wanted |= more
    return tuple(each for each in course.steps if each.ref in wanted)
