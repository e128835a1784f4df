"""The cases of a lab: ``nearmiss/STEP.yaml`` beside its text, each mistake with its line.

The format is docs/reference/near-misses.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from labrunner.authoring.proving.case import Case, files_of, typed
from labrunner.model.errors import LabFileError
from labrunner.model.lab import Action, Lab, Step, StepRef, WriteFile

FOLDER = "nearmiss"
_SECTIONS = ("refused", "accepted")
_KEYS = {"name", "goes-on", "first", "write", "do", "answer", "because"}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_cases(lab: Lab) -> tuple[Mapping[StepRef, tuple[Case, ...]], tuple[LabFileError, ...]]:
    """The cases of each step, and every mistake in their files; what is wrong is left out."""
    steps = {step.name: step for step in lab.steps}
    cases: dict[StepRef, tuple[Case, ...]] = {}
    mistakes: list[LabFileError] = []
    for file in sorted((lab.folder / FOLDER).glob("*.yaml")):
        if file.stem in steps:
            reader = _Reader(file, steps[file.stem])
            cases[steps[file.stem].ref] = tuple(reader.cases())
            mistakes += reader.mistakes
        else:
            expected = f"a file for one of the steps {', '.join(steps) or 'that there are not'}"
            mistakes.append(LabFileError(str(file), 1, expected, file.name))
    return cases, tuple(mistakes)


class _Reader:
    """Reads one file and notes what is wrong in it."""

    def __init__(self, file: Path, step: Step) -> None:
        self.file = file
        self.step = step
        self.mistakes: list[LabFileError] = []

    def note(self, line: int, expected: str, found: object) -> None:
        text = found if isinstance(found, str) else repr(found)
        self.mistakes.append(LabFileError(str(self.file), line, expected, text))

    def cases(self) -> Iterator[Case]:
        try:
            text = self.file.read_text(encoding="utf-8")
            data, tree = yaml.load(text, Loader=_LOADER), yaml.compose(text, Loader=_LOADER)  # noqa: S506 - a safe one
        except (OSError, yaml.YAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            self.note(mark.line + 1 if mark else 1, "cases in YAML", " ".join(str(error).split()))
            return
        if not isinstance(data, dict) or not data or set(data) - {*_SECTIONS}:
            self.note(1, f"{' and '.join(_SECTIONS)}, and nothing else", data)
            return
        names: set[str] = set()
        for key, value in tree.value if isinstance(tree, yaml.MappingNode) else ():
            section = data[key.value]
            if not isinstance(section, list):
                self.note(key.start_mark.line + 1, f"a list of cases under {key.value}", section)
                continue
            for node, case in zip(value.value, section, strict=True):
                line = node.start_mark.line + 1
                if (found := self._case(case, line, refused=key.value == "refused")) is None:
                    continue
                if found.name in names:
                    self.note(line, "a name that no other case of the step has", found.name)
                names.add(found.name)
                if found.refused and not found.differs_from(self.step):
                    self.note(line, "a near miss that differs from the solution", found.name)
                yield found

    def _case(self, case: object, line: int, *, refused: bool) -> Case | None:
        before = len(self.mistakes)
        if not isinstance(case, dict) or set(case) - _KEYS:
            self.note(line, f"a case with some of {', '.join(sorted(_KEYS))}", case)
            return None
        name, answer = self._text(case, "name", line), self._text(case, "answer", line)
        because = self._reasons(case.get("because"), line)
        if name is None:
            self.note(line, "a name, the sentence that says what is tried", "none")
        if refused is not bool(because):
            self.note(line, "because, the reason" if refused else "no reason", because or "none")
        if not case.keys() & {"first", "write", "do", "answer"}:
            self.note(line, "something that is done or answered", "nothing")
        actions = tuple(self._actions(case, line))
        if len(self.mistakes) > before:
            return None
        if answer is None and not refused:
            answer = self.step.ask
        return Case(str(name), self.file, line, actions, answer, because, bool(case.get("goes-on")))

    def _actions(self, case: Mapping[str, Any], line: int) -> Iterator[Action]:
        match case.get("first"):
            case None:
                pass
            case "files":
                yield from files_of(self.step)
            case "solution":
                yield from self.step.actions
            case other:
                self.note(line, "files or solution for 'first'", other)
        files = case.get("write") or {}
        if isinstance(files, dict) and all(isinstance(text, str) for text in files.values()):
            yield from (WriteFile(str(name), text) for name, text in files.items())
        else:
            self.note(line, "files and what is in them for 'write'", files)
        body = re.sub(r"\s*\\\n\s*", " ", self._text(case, "do", line) or "")
        yield from typed(*(text.strip() for text in body.splitlines() if text.strip()))

    def _text(self, case: Mapping[str, Any], key: str, line: int) -> str | None:
        value = case.get(key)
        if value is None or isinstance(value, str):
            return value
        self.note(line, f"a quoted string for {key!r}", value)
        return None

    def _reasons(self, value: object, line: int) -> tuple[str, ...]:
        if value is None or isinstance(value, str):
            return (value,) if value else ()
        if isinstance(value, list) and all(isinstance(reason, str) and reason for reason in value):
            return tuple(value)
        self.note(line, "a reason, or a list of them, for 'because'", value)
        return ()
