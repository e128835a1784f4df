"""The journal: one JSON object a line, only ever appended; where a learner stands is read from it.

A line is written whole and flushed to disk under a lock. A last line that was torn by a crash is dropped, and nothing
else.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labrunner.model.errors import ToolError
from labrunner.model.lab import Action, Command, KeyPress, StepRef, Typed, Visit, WriteFile
from labrunner.model.progress import Passing, Progress
from labrunner.model.verdict import CheckResult, StepReport
from labrunner.verify.request import result_data, result_from

#: The version of the journal's lines.
VERSION = 1


class Journal:
    """The journal in one file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def started(self, lab: str, variables: Mapping[str, str]) -> None:
        """A lab was started or resumed, with these values of its variables."""
        self._append({"event": "started", "lab": lab, "variables": dict(variables)})

    def did(self, step: StepRef, action: Action) -> None:
        """The runner did an action of the solution. What was typed at a hidden prompt is not part of an action."""
        match action:
            case Command() | Typed():
                what = action.line
            case KeyPress():
                what = action.key
            case WriteFile():
                what = f"write {action.path}"
            case Visit():
                what = f"open {action.url}"
        self._append({"event": "did", "step": str(step), "action": what})

    def judged(self, reports: Iterable[StepReport], passings: Mapping[StepRef, tuple[CheckResult, ...]]) -> None:
        """Steps were judged; those in ``passings`` passed anew."""
        lines: list[Mapping[str, Any]] = [
            {"event": "passed", "step": str(step), "checks": [result_data(check) for check in checks]}
            for step, checks in passings.items()
        ]
        lines += [
            {"event": "judged", "step": str(report.step), "verdict": report.verdict.value, "state": report.state.value}
            for report in reports
        ]
        self._append(*lines)

    def progress(self) -> Progress:
        """Where the learner stands."""
        current: str | None = None
        variables: dict[str, Mapping[str, str]] = {}
        passed: dict[StepRef, Passing] = {}
        for number, line in self._lines():
            try:
                match line["event"]:
                    case "started":
                        current = line["lab"]
                        variables[line["lab"]] = line["variables"]
                    case "passed":
                        lab, _, name = line["step"].partition("/")
                        checks = tuple(result_from(check) for check in line["checks"])
                        passed[StepRef(lab, name)] = Passing(line["at"], checks)
            except (KeyError, TypeError, ValueError) as error:
                raise self._unreadable(f"line {number} is no line of a journal") from error
        return Progress(current, variables, passed)

    def _lines(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        try:
            content = self.file.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unreadable(str(error)) from error
        *whole, _torn = content.split(b"\n")
        for number, text in enumerate(whole, start=1):
            try:
                line = json.loads(text)
                version = line["v"]
            except (ValueError, KeyError, TypeError) as error:
                raise self._unreadable(f"line {number} is no line of a journal") from error
            if version != VERSION:
                raise ToolError(
                    f"the journal {self.file} was read, and line {number} is of version {version}, not {VERSION}",
                    next="pip install --upgrade labrunner",
                )
            yield number, line

    def _unreadable(self, why: str) -> ToolError:
        return ToolError(
            f"the journal {self.file} was read, and {why}",
            next=f"mv {self.file} {self.file}.kept, then labrunner start LAB: your files stay, steps are checked anew",
        )

    def _append(self, *lines: Mapping[str, Any]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        content = b"".join(json.dumps({"v": VERSION, "at": at, **line}).encode() + b"\n" for line in lines)
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                _drop_torn_line(file.fileno())
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ToolError(
                f"the journal {self.file} was to be written, and that failed: {error.strerror}",
                next="labrunner doctor, or another place by --home DIR",
            ) from error


def _drop_torn_line(descriptor: int) -> None:
    """Cut off what a crash left behind the last newline."""
    size = os.fstat(descriptor).st_size
    keep = size
    while keep and os.pread(descriptor, 1, keep - 1) != b"\n":
        keep -= 1
    if keep != size:
        os.ftruncate(descriptor, keep)
