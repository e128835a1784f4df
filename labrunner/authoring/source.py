"""The course as its authors wrote it: what could be read of each lab, what is wrong with it, where all of it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from labrunner.authoring.check_file import CheckFile, no_checks, read_checks
from labrunner.authoring.markup import STEP_LEVEL, Kind, Part, read_markup
from labrunner.authoring.support import Support, load_support
from labrunner.content.course import find_labs, misfits
from labrunner.content.frontmatter import line_of
from labrunner.content.parse import read_lab
from labrunner.model.errors import LabFileError
from labrunner.model.lab import Course, Lab, Step, StepRef


@dataclass(frozen=True)
class LabSource:
    """One lab's files: ``lab.md`` as it was written, its parts, what the loader made of it, and the lab's checks.

    ``mistakes`` are all that the loader refuses. Where it could make nothing of it, ``lab`` has no steps, and is not
    ``readable``.
    """

    file: Path
    text: str
    parts: tuple[Part, ...]
    lab: Lab
    readable: bool
    mistakes: tuple[LabFileError, ...]
    checks: CheckFile

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.lab.name

    @property
    def number(self) -> int:
        """The lab's number."""
        return self.lab.number

    def line(self, *key: str) -> int:
        """The line on which a key of the front matter stands, or the key above it."""
        return next((line for end in range(len(key), 0, -1) if (line := line_of(self.text, *key[:end])) > 1), 1)

    @cached_property
    def body(self) -> tuple[tuple[int, str], ...]:
        """The lines below the front matter, each with its number."""
        lines = [*enumerate(self.text.split("\n"), start=1)]
        end = next((line for line, text in lines[1:] if text == "---"), 0)
        return tuple(lines[end:])

    def of(self, *kinds: Kind, step: int | None = None) -> Iterator[Part]:
        """The parts of these kinds, in order; of one step, counted from 0, if one is given."""
        return (part for part in self.parts if part.kind in kinds and (step is None or part.step == step))

    def heading(self, step: Step) -> int:
        """The line of a step's heading."""
        headings = (part for part in self.of(Kind.HEADING, step=step.number - 1) if part.level == STEP_LEVEL)
        return next(headings).line

    def sound(self, step: Step) -> bool:
        """Whether the loader refuses nothing in a step's text."""
        first = self.heading(step)
        following = (part.line for part in self.of(Kind.HEADING) if part.level == STEP_LEVEL and part.line > first)
        last = next(following, len(self.body) + first)
        return not any(first <= mistake.line < last for mistake in self.mistakes)


@dataclass(frozen=True)
class CourseSource:
    """All labs, the files of checks that are for none of them, what is known of images, and the day it is judged."""

    labs: tuple[LabSource, ...]
    strays: tuple[CheckFile, ...]
    support: Mapping[str, Support]
    today: date

    @cached_property
    def course(self) -> Course:
        """The labs that could be read."""
        return Course(tuple(each.lab for each in self.labs if each.readable))

    @cached_property
    def unread(self) -> frozenset[str]:
        """The labs that exist and could not be read."""
        return frozenset(each.name for each in self.labs if not each.readable)

    @cached_property
    def order(self) -> Mapping[StepRef, int]:
        """Every step that could be read, with its place in the course."""
        return {step.ref: place for place, step in enumerate(self.course.steps)}

    def before(self, step: Step) -> frozenset[StepRef] | None:
        """Every step that a step builds on, directly or not; None where a lab on the way could not be read.

        Unlike ``labrunner.content.course.before`` it can be asked of a course that the loader refuses.
        """
        found: set[StepRef] = set()
        new = set(step.needs)
        while new:
            found |= new
            known = [self.course.step(ref) for ref in new if ref in self.order]
            new = {need for each in known for need in each.needs} - found
        return None if {ref.lab for ref in found} & self.unread else frozenset(found)


def _text(file: Path) -> str:
    """What stands in the file, as far as it can be read; why the rest cannot, the loader says."""
    with suppress(OSError):
        return file.read_text(encoding="utf-8", errors="replace")
    return ""


def read_course(labs: Path, checks: Path, images: Path, today: date) -> CourseSource:
    """Read all that can be read. Raises ToolError where there is no lab at all, or no table of images."""
    found = find_labs(labs)
    files = {file.lab: file for file in map(read_checks, sorted(checks.glob("test_*.py")))}
    readings = [read_lab(file, name, number) for file, name, number in found]
    unread = frozenset(name for (_, name, _), (lab, _) in zip(found, readings, strict=True) if lab is None)
    ill = [*misfits(Course(tuple(lab for lab, _ in readings if lab)), unread)]
    sources = []
    for (file, name, number), (lab, mistakes) in zip(found, readings, strict=True):
        text = _text(file)
        sources.append(
            LabSource(
                file=file,
                text=text,
                parts=read_markup(text),
                lab=lab or Lab(name, number, title="", minutes=0, intro="", steps=(), folder=file.parent),
                readable=lab is not None,
                mistakes=(*mistakes, *(each for each in ill if each.file == str(file))),
                checks=files.pop(name, no_checks(checks / f"test_{number:02}_{name.replace('-', '_')}.py")),
            )
        )
    return CourseSource(tuple(sources), tuple(files.values()), load_support(images / "support.yaml"), today)
