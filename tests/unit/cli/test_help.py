"""The help of every command: grouped, and with examples that are valid and true."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Iterator

import click
import pytest

from labrunner.cli.main import COMMANDS, labrunner
from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.model.lab import Step
from labrunner.model.progress import find_step

COURSE = load_course(course_folder("labs"))


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, each with the words that call it."""
    yield context.command_path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, click.Context(below, parent=context, info_name=name))


EVERY = dict(commands(labrunner, click.Context(labrunner, info_name="labrunner")))


def examples(command: click.Command) -> list[list[str]]:
    """The words of each example in a command's help, without what pipes to it or from it, or explains it."""
    blocks = re.findall(r"^\x08\n((?:.+\n?)+)", inspect.cleandoc(command.help or ""), re.MULTILINE)
    found = [re.search(r"labrunner.*?(?= {2,}| \||\)|$)", line) for block in blocks for line in block.splitlines()]
    return [shlex.split(match[0] if match else "an example without labrunner") for match in found]


def parsed(words: list[str]) -> click.Context:
    """The context of the command that the words call; click refuses what is no valid usage."""
    assert words[0] == "labrunner"
    context, rest = click.Context(labrunner, info_name="labrunner"), words[1:]
    while isinstance(context.command, click.Group) and rest:
        name, command, rest = context.command.resolve_command(context, rest)
        assert command is not None
        if isinstance(command, click.Group):
            context = click.Context(command, parent=context, info_name=name)
        else:
            context = command.make_context(name, rest, parent=context)
    return context


@pytest.mark.parametrize("path", EVERY)
def test_help_has_one_to_three_valid_examples(path: str) -> None:
    found = examples(EVERY[path])
    assert 1 <= len(found) <= 3
    for words in found:
        assert parsed(words).command_path.startswith(path)


@pytest.mark.parametrize("path", EVERY)
def test_examples_name_what_is_in_the_course(path: str) -> None:
    """Each lab and step that an example names exists, and one that is answered asks something."""
    for words in examples(EVERY[path]):
        given = parsed(words).params
        names = [given.get("lab"), *(given.get("labs") or ()), given.get("target"), given.get("step")]
        for name in filter(None, names):
            steps = steps_meant(name)
            assert steps
            assert given.get("answer") is None or any(step.ask for step in steps)


def steps_meant(name: str) -> list[Step]:
    """The steps of the lab of that name, or those that STEP may mean in some lab."""
    if any(lab.name == name for lab in COURSE.labs):
        return list(COURSE.lab(name).steps)
    return [COURSE.step(found) for lab in COURSE.labs if (found := find_step(COURSE, lab, name))]


def test_every_command_stands_in_one_group() -> None:
    shown = labrunner.get_help(click.Context(labrunner, info_name="labrunner"))
    sections = shown.split("\n\n")
    for name in COMMANDS:
        assert len([each for each in sections if re.search(rf"^  {name} ", each, re.MULTILINE)]) == 1
