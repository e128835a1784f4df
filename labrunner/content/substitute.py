"""Exchange a lab's variables and fill its placeholders, in the text as in the actions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from labrunner.model.lab import Action, Command, Evidence, KeyPress, Lab, Step, Typed, Visit, WriteFile
from labrunner.model.progress import exchangeable


def with_variables(lab: Lab, values: Mapping[str, str]) -> Lab:
    """The lab with the default value of each exchangeable variable replaced by its value, as a whole word."""
    exchanges = _exchanges(lab, values)
    if not exchanges:
        return lab
    swap = _swapper(exchanges)
    return replace(
        lab, intro=swap(lab.intro), steps=tuple(_step(step, swap) for step in lab.steps), variables=dict(values)
    )


def with_placeholders(lab: Lab, step: Step, recorded: Mapping[str, Mapping[str, Any]]) -> Step:
    """The step with each placeholder whose evidence is recorded filled in; the others stay as they are.

    An ID of 64 hexadecimal digits is shown as Docker shows it, by its first twelve.
    """
    known = _known(lab, recorded)
    return _step(step, _swapper(known)) if known else step


def filled_line(
    lab: Lab, line: str, values: Mapping[str, str], recorded: Mapping[str, Mapping[str, Any]]
) -> tuple[str, tuple[Evidence, ...]]:
    """A line in the text's words as it is typed where these values are in force, and what it needs and is not recorded.

    ``lab`` is as the course has it, with its default values.
    """
    known = _known(lab, recorded)
    for exchanges in filter(None, (_exchanges(lab, values), known)):
        line = _swapper(exchanges)(line)
    return line, tuple(lab.ids[name] for name in lab.ids if name not in known and whole_word(name).search(line))


def _exchanges(lab: Lab, values: Mapping[str, str]) -> Mapping[str, str]:
    """The default values that are others here."""
    return {
        default: values[name]
        for name, default in lab.variables.items()
        if exchangeable(name) and values.get(name, default) != default
    }


def _known(lab: Lab, recorded: Mapping[str, Mapping[str, Any]]) -> Mapping[str, str]:
    """The placeholders whose evidence is recorded, with what is put in their place."""
    values = {
        name: str(recorded[str(evidence.step)][evidence.key])
        for name, evidence in lab.ids.items()
        if evidence.key in recorded.get(str(evidence.step), {})
    }
    # What is filled in is typed into a shell, and a journal may have come from elsewhere.
    values = {name: value for name, value in values.items() if re.fullmatch(r"[\w@:./-]+", value)}
    return {name: value[:12] if re.fullmatch(r"[0-9a-f]{64}", value) else value for name, value in values.items()}


def whole_word(*words: str) -> re.Pattern[str]:
    """What matches any of the words where it would be exchanged; an arrow, as in ``8080->80``, ends a word."""
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![\w.-])(?:{either})(?!\w|-(?!>))")


def _swapper(exchanges: Mapping[str, str]) -> Callable[[str], str]:
    pattern = whole_word(*exchanges)
    return lambda text: pattern.sub(lambda match: exchanges[match[0]], text)


def _step(step: Step, swap: Callable[[str], str]) -> Step:
    return replace(
        step,
        title=swap(step.title),
        text=swap(step.text),
        hints=tuple(swap(hint) for hint in step.hints),
        actions=tuple(_action(action, swap) for action in step.actions),
        ask=None if step.ask is None else swap(step.ask),
    )


def _action(action: Action, swap: Callable[[str], str]) -> Action:
    match action:
        case Command() | Typed():
            return replace(action, line=swap(action.line))
        case WriteFile():
            return replace(action, content=swap(action.content))
        case Visit():
            return replace(action, url=swap(action.url))
        case KeyPress():
            return action
