"""What a shell offers behind a command when Tab is pressed: names of labs and steps, folders, files.

A Tab is never answered with an error: where the course, the home or the journal cannot be read, less is offered.
Every command line imports this module, so what only a Tab needs is imported there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from labrunner.model.lab import Course, Lab


def lab_names(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """The names of labs."""
    with suppress(Exception):
        return _fitting(typed, _labs(_course()))
    return []


def step_names(context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """STEP: the steps of the current lab, and those of each lab behind ``LAB/``."""
    with suppress(Exception):
        return _fitting(typed, _steps(context, _course(), typed))
    return []


def step_and_lab_names(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """STEP or LAB."""
    return [*step_names(context, parameter, typed), *lab_names(context, parameter, typed)]


def folders(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """The shell's own completion of folders."""
    return [CompletionItem(typed, type="dir")]


def files(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem[str]]:
    """The shell's own completion of files."""
    return [CompletionItem(typed, type="file")]


def _course() -> Course:
    from labrunner.content.course import load_course  # noqa: PLC0415 - as said above
    from labrunner.content.locate import course_folder  # noqa: PLC0415 - as above

    return load_course(course_folder("labs"))


def _labs(course: Course) -> Iterator[tuple[str, str]]:
    return ((lab.name, lab.title) for lab in course.labs)


def _steps(context: click.Context, course: Course, typed: str) -> Iterator[tuple[str, str]]:
    current = _current(context)
    for lab in course.labs:
        if lab.name == current:
            yield from _words(lab, "", typed)
    if typed or current is None:
        for lab in course.labs:
            yield from _words(lab, f"{lab.name}/", typed)


def _words(lab: Lab, before: str, typed: str) -> Iterator[tuple[str, str]]:
    """Each step's name; ``step3`` too once something of it has been typed, or the list would be twice as long."""
    for step in lab.steps:
        yield before + step.name, step.title
    if len(typed) > len(before):
        for step in lab.steps:
            yield before + step.position, step.title


def _current(context: click.Context) -> str | None:
    """The current lab in the home that the words before name; None where there is none to be read."""
    from labrunner.runner.home import Home, home_folder  # noqa: PLC0415 - as said above

    chosen = context.params.get("home") or context.find_root().params.get("home")
    with suppress(Exception):
        return Home(home_folder(chosen)).journal.progress().current
    return None


def _fitting(typed: str, offered: Iterator[tuple[str, str]]) -> list[CompletionItem[str]]:
    return [CompletionItem(word, help=says) for word, says in offered if word.startswith(typed)]
