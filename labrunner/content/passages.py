"""A step's text cut at its actions: prose, what the learner does there, prose again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labrunner.content.parse import MARKDOWN, fence_actions
from labrunner.model.lab import Action, Step


@dataclass(frozen=True)
class Prose:
    """Markdown. A fence in it has its language alone: ``text shows`` is ``text``."""

    text: str


@dataclass(frozen=True)
class Doing:
    """The actions of one fence, and its ``body`` as the lab shows it."""

    actions: tuple[Action, ...]
    body: str


def passages(step: Step) -> Iterator[Prose | Doing]:
    """The step's text in order; the actions are together the step's."""
    lines = step.text.split("\n")
    begun = done = 0
    for fence in (token for token in MARKDOWN.parse(step.text) if token.type == "fence"):
        first, end = fence.map or [0, 0]
        count = len(tuple(fence_actions(str(step.ref), fence)))
        actions = step.actions[done : done + count]  # the text has lost what is empty in a file
        done += count
        if actions:
            yield from _prose(lines[begun:first])
            yield Doing(actions, fence.content)
            begun = end
        else:
            lines[first] = re.sub(r"^(\s*[`~]+\w*).*", r"\1", lines[first])
    yield from _prose(lines[begun:])


def _prose(lines: list[str]) -> Iterator[Prose]:
    text = "\n".join(lines).strip()
    if text:
        yield Prose(text)
