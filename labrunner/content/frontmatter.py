"""A lab's front matter: YAML in, typed fields out, each mistake with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from labrunner.model.errors import LabFileError
from labrunner.model.lab import Evidence, StepRef

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEYS = {"title", "minutes", "images", "vars", "ids", "secrets", "carry", "acknowledged", "steps"}
#: What a step needs stands below "steps", the step's name and "needs".
_DEEPEST = 4
_STEP_KEYS = {"needs", "until", "ask"}


@dataclass(frozen=True)
class StepFields:
    """What the front matter says of one step."""

    ref: StepRef
    needs: tuple[StepRef, ...]
    until: StepRef | None
    ask: str | None


@dataclass(frozen=True)
class Fields:
    """A lab's whole front matter."""

    title: str
    minutes: int
    images: tuple[str, ...]
    variables: Mapping[str, str]
    ids: Mapping[str, Evidence]
    secrets: Mapping[str, str]
    carry: Mapping[str, tuple[str, ...]]
    acknowledged: Mapping[str, Mapping[str, str]]
    steps: tuple[StepFields, ...]


class _Reader:
    """Reads typed values out of one lab's front matter and notes where one is wrong, in whose place nothing is read.

    A key is given by the keys above it and itself: ``("steps", "nginx", "needs")``.
    """

    def __init__(self, lab: str, file: str, source: str) -> None:
        self.lab = lab
        self.file = file
        self.source = source
        self.mistakes: list[LabFileError] = []

    def note(self, key: tuple[str, ...], expected: str, found: object) -> None:
        line = _lines(self.source).get(key) or _lines(self.source).get(key[:-1]) or 2
        text = found if isinstance(found, str) else repr(found)
        self.mistakes.append(LabFileError(self.file, line, expected, text))

    def mapping(self, value: object, *key: str) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            self.note(key, f"names and values under {key[-1]!r}", value)
            return {}
        return value

    def strings(self, value: object, *key: str) -> tuple[str, ...]:
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.note(key, f"a list of strings for {key[-1]!r}", value)
            return ()
        return tuple(value)

    def texts(self, value: object, *key: str) -> Mapping[str, str]:
        texts = {}
        for name, text in self.mapping(value, *key).items():
            if isinstance(text, str):
                texts[name] = text
            else:
                self.note((*key, name), f"a quoted string for {name!r}", text)
        return texts

    def refs(self, values: Iterable[object], *key: str) -> Iterator[StepRef]:
        for text in values:
            if not isinstance(text, str) or text.count("/") > 1 or not text.strip("/"):
                self.note(key, "the name of a step, as 'step' or 'lab/step'", text)
            else:
                lab, _, step = text.rpartition("/")
                yield StepRef(lab or self.lab, step)

    def evidence(self, name: str, text: str) -> Iterator[Evidence]:
        step, _, key = text.rpartition("/")
        if step and key:
            yield from (Evidence(ref, key) for ref in self.refs([step], "ids", name))
        else:
            self.note(("ids", name), f"a step and a key of its evidence for {name!r}, as 'nginx/container'", text)

    def step(self, name: str, value: object) -> StepFields:
        key = ("steps", name)
        fields = self.mapping(value, *key)
        if surplus := set(fields) - _STEP_KEYS:
            self.note(key, f"only {', '.join(sorted(_STEP_KEYS))} in step {name!r}", ", ".join(sorted(surplus)))
        ask = fields.get("ask")
        if ask is not None and not isinstance(ask, str):
            self.note((*key, "ask"), f"a quoted answer for 'ask' in step {name!r}", ask)
            ask = str(ask)
        until = fields.get("until", name if ask is not None else None)
        return StepFields(
            ref=StepRef(self.lab, name),
            needs=tuple(self.refs(self.strings(fields.get("needs"), *key, "needs"), *key, "needs")),
            until=None if until is None else next(self.refs([until], *key, "until"), None),
            ask=ask,
        )


def read_front_matter(lab: str, file: str, source: str) -> tuple[Fields, tuple[LabFileError, ...]]:
    """The front matter of the lab ``lab``, without the values that are wrong, and every mistake in it.

    ``source`` is the YAML between the two ``---`` lines of ``file``. Raises LabFileError where it is no YAML.
    """
    reader = _Reader(lab, file, source)
    try:
        data = reader.mapping(yaml.load(source, Loader=_LOADER), "front matter")  # noqa: S506 - the loader is a safe one
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        raise LabFileError(file, line + 2, "front matter in YAML", str(error.problem)) from error
    except (yaml.YAMLError, ValueError) as error:  # a control character, or a date that is none
        raise LabFileError(file, 2, "front matter in YAML", " ".join(str(error).split())) from error
    for key in sorted(set(data) - _KEYS):
        reader.note((key,), f"one of {', '.join(sorted(_KEYS))}", key)
    title, minutes = data.get("title"), data.get("minutes")
    if not isinstance(title, str):
        reader.note(("title",), "a title", title)
    if not isinstance(minutes, int) or isinstance(minutes, bool):
        reader.note(("minutes",), "a whole number of minutes", minutes)
    steps = tuple(reader.step(name, value) for name, value in reader.mapping(data.get("steps"), "steps").items())
    if not steps:
        reader.note(("steps",), "at least one step under 'steps'", "none")
    ids = reader.texts(data.get("ids"), "ids")
    carry = reader.mapping(data.get("carry"), "carry")
    acknowledged = reader.mapping(data.get("acknowledged"), "acknowledged")
    fields = Fields(
        title=str(title),
        minutes=minutes if isinstance(minutes, int) else 0,
        images=reader.strings(data.get("images"), "images"),
        variables=reader.texts(data.get("vars"), "vars"),
        ids={name: evidence for name, text in ids.items() for evidence in reader.evidence(name, text)},
        secrets=reader.texts(data.get("secrets"), "secrets"),
        carry={name: reader.strings(files, "carry", name) for name, files in carry.items()},
        acknowledged={rule: reader.texts(reasons, "acknowledged", rule) for rule, reasons in acknowledged.items()},
        steps=steps,
    )
    return fields, tuple(reader.mistakes)


def line_of(text: str, *key: str) -> int:
    """The line of the lab's file ``text`` on which a key of its front matter stands, as ``"steps", "nginx"``.

    An item of a list is a key too. 1 where there is none, or no front matter that can be read.
    """
    front = re.match(r"---\n(.*?)^---$", text, re.DOTALL | re.MULTILINE)
    return _lines(front[1]).get(key, 1) if front else 1


@cache
def _lines(source: str) -> Mapping[tuple[str, ...], int]:
    """The line of each key; empty where ``source`` is no YAML. The first line of the file is its ``---``."""
    with suppress(yaml.YAMLError):
        return {key: line + 2 for key, line in _places(yaml.compose(source, Loader=_LOADER), ())}
    return {}


def _places(node: yaml.Node | None, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if len(above) == _DEEPEST:  # an alias may lead back up
        return
    pairs = node.value if isinstance(node, yaml.MappingNode | yaml.SequenceNode) else ()
    for pair in pairs:
        name, value = pair if isinstance(pair, tuple) else (pair, None)
        if isinstance(name, yaml.ScalarNode):
            yield (*above, name.value), name.start_mark.line
            yield from _places(value, (*above, name.value))
