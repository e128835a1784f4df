"""The rule on the cases that a proof tries."""

from __future__ import annotations

from pathlib import Path

from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.proving.read import read_cases
from labrunner.authoring.source import CourseSource, LabSource


def near_miss(source: LabSource, _course: CourseSource) -> Findings:
    """The cases in ``nearmiss/`` can be read, and each near miss differs from the solution."""
    if source.readable:
        for mistake in read_cases(source.lab)[1]:
            yield Finding(Path(mistake.file), mistake.line, mistake.says.partition(": ")[2])
