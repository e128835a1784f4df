"""What the solution of a step does, with the line on which each part of it is written."""

from __future__ import annotations

from collections.abc import Iterator

from labrunner.authoring.markup import Kind, Part
from labrunner.authoring.source import LabSource
from labrunner.model.lab import Command, KeyPress, Lab, Step, Typed, Visit, WriteFile

#: The words that make a fence an action.
ACTIONS = frozenset({"run", "type", "press", "file", "open"})
#: The languages whose fences are commands.
SHELLS = frozenset({"bash", "sh", "shell", "console", "zsh", "powershell"})


def acts(part: Part) -> bool:
    """Whether a part of the text is an action of the solution."""
    return part.kind is Kind.FENCE and not ACTIONS.isdisjoint(part.words)


def filled_in(source: LabSource, step: Step) -> Iterator[tuple[int, str]]:
    """The line and the text of everything in a step in which placeholders are filled in by the runner."""
    for part in source.of(Kind.FENCE, step=step.number - 1):
        if acts(part):
            yield part.line, part.text
    if step.ask is not None:
        yield source.line("steps", step.name), step.ask


def commands(step: Step) -> tuple[str, ...]:
    """The lines that are typed in a step."""
    return tuple(action.line for action in step.actions if isinstance(action, Command | Typed))


def written(lab: Lab) -> str:
    """All that the solution of a lab types, writes and opens, and what it answers."""
    return "\n".join(text for step in lab.steps for text in (*_texts(step), step.ask or ""))


def _texts(step: Step) -> Iterator[str]:
    for action in step.actions:
        match action:
            case Command() | Typed():
                yield action.line
            case WriteFile():
                yield action.content
            case Visit():
                yield action.url
            case KeyPress():
                yield action.key
