"""A lab's front matter: YAML in, typed fields out, each mistake with its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from labrunner.model.errors import LabFileError
from labrunner.model.lab import Evidence, StepRef

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEYS = {"title", "minutes", "images", "vars", "ids", "secrets", "carry", "steps"}
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
    steps: tuple[StepFields, ...]


class _Reader:
    """Reads typed values out of one lab's front matter and says where one is wrong."""

    def __init__(self, lab: str, file: str, source: str) -> None:
        self.lab = lab
        self.file = file
        self.lines = source.splitlines()

    def wrong(self, key: str, expected: str, found: object) -> LabFileError:
        near = next((n for n, line in enumerate(self.lines) if line.strip().startswith(f"{key}:")), 0)
        return LabFileError(self.file, near + 2, expected, found if isinstance(found, str) else repr(found))

    def mapping(self, key: str, value: object) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise self.wrong(key, f"names and values under {key!r}", value)
        return value

    def strings(self, key: str, value: object) -> tuple[str, ...]:
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, f"a list of strings for {key!r}", value)
        return tuple(value)

    def texts(self, key: str, value: object) -> Mapping[str, str]:
        texts = self.mapping(key, value)
        for name, text in texts.items():
            if not isinstance(text, str):
                raise self.wrong(name, f"a quoted string for {name!r}", text)
        return texts

    def ref(self, key: str, text: object) -> StepRef:
        if not isinstance(text, str) or text.count("/") > 1 or not text.strip("/"):
            raise self.wrong(key, "the name of a step, as 'step' or 'lab/step'", text)
        lab, _, step = text.rpartition("/")
        return StepRef(lab or self.lab, step)

    def evidence(self, name: str, text: str) -> Evidence:
        step, _, key = text.rpartition("/")
        if not step or not key:
            raise self.wrong(name, f"a step and a key of its evidence for {name!r}, as 'nginx/container'", text)
        return Evidence(self.ref(name, step), key)

    def step(self, name: str, value: object) -> StepFields:
        fields = self.mapping(name, value)
        if surplus := set(fields) - _STEP_KEYS:
            raise self.wrong(name, f"only {', '.join(sorted(_STEP_KEYS))} in step {name!r}", ", ".join(sorted(surplus)))
        ask = fields.get("ask")
        if ask is not None and not isinstance(ask, str):
            raise self.wrong(name, f"a quoted answer for 'ask' in step {name!r}", ask)
        ref = StepRef(self.lab, name)
        until = fields.get("until", name if ask is not None else None)
        return StepFields(
            ref=ref,
            needs=tuple(self.ref(name, need) for need in self.strings("needs", fields.get("needs"))),
            until=None if until is None else self.ref(name, until),
            ask=ask,
        )


def parse_front_matter(lab: str, file: str, source: str) -> Fields:
    """The front matter of the lab ``lab``; ``source`` is the YAML between the two ``---`` lines of ``file``."""
    reader = _Reader(lab, file, source)
    try:
        data = reader.mapping("title", yaml.load(source, Loader=_LOADER))  # noqa: S506 - the loader is a safe one
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line if error.problem_mark else 0
        raise LabFileError(file, line + 2, "front matter in YAML", str(error.problem)) from error
    except (yaml.YAMLError, ValueError) as error:  # a control character, or a date that is none
        raise LabFileError(file, 2, "front matter in YAML", " ".join(str(error).split())) from error
    if surplus := set(data) - _KEYS:
        raise reader.wrong(min(surplus), f"one of {', '.join(sorted(_KEYS))}", min(surplus))
    title, minutes = data.get("title"), data.get("minutes")
    if not isinstance(title, str):
        raise reader.wrong("title", "a title", title)
    if not isinstance(minutes, int) or isinstance(minutes, bool):
        raise reader.wrong("minutes", "a whole number of minutes", minutes)
    steps = tuple(reader.step(name, value) for name, value in reader.mapping("steps", data.get("steps")).items())
    if not steps:
        raise reader.wrong("steps", "at least one step under 'steps'", "none")
    ids = reader.texts("ids", data.get("ids"))
    carry = reader.mapping("carry", data.get("carry"))
    return Fields(
        title=title,
        minutes=minutes,
        images=reader.strings("images", data.get("images")),
        variables=reader.texts("vars", data.get("vars")),
        ids={name: reader.evidence(name, text) for name, text in ids.items()},
        secrets=reader.texts("secrets", data.get("secrets")),
        carry={name: reader.strings(name, files) for name, files in carry.items()},
        steps=steps,
    )
