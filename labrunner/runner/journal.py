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
from labrunner.model.progress import Finding, Passing, Progress
from labrunner.model.verdict import CheckResult, StepReport, Verdict
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
        lines += [_judged(report) for report in reports]
        self._append(*lines)

    def shown(self, step: StepRef) -> None:
        """A step's text was shown as the one to be done now."""
        self._append({"event": "shown", "step": str(step)})

    def hinted(self, step: StepRef, count: int) -> None:
        """The learner has now seen the first ``count`` hints of a step."""
        self._append({"event": "hinted", "step": str(step), "count": count})

    def reset(self, steps: Iterable[StepRef]) -> None:
        """These steps are open again, as if they had never been done; the lines that say otherwise stay."""
        self._append({"event": "reset", "steps": [str(step) for step in steps]})

    def progress(self) -> Progress:
        """Where the learner stands."""
        standing = _Standing()
        for number, line in self._lines():
            try:
                standing.add(line)
            except (KeyError, TypeError, ValueError) as error:
                raise self._unreadable(f"line {number} is no line of a journal") from error
        return Progress(**vars(standing))

    def _lines(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        try:
            content = self.file.read_bytes()
        except (FileNotFoundError, NotADirectoryError):  # what cannot be a home is told when something is made there
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


class _Standing:
    """A Progress in the making, line by line; its attributes are a Progress's."""

    def __init__(self) -> None:
        self.current: str | None = None
        self.variables: dict[str, Mapping[str, str]] = {}
        self.started: dict[str, str] = {}
        self.passed: dict[StepRef, Passing] = {}
        self.shown: StepRef | None = None
        self.hints: dict[StepRef, int] = {}
        self.wanting: dict[StepRef, Finding] = {}
        self.containers: frozenset[str] = frozenset()

    def add(self, line: Mapping[str, Any]) -> None:
        """Take one line into account. Events that say nothing of where a learner stands are passed over."""
        match line["event"]:
            case "started":
                self.current = line["lab"]
                self.variables[line["lab"]] = line["variables"]
                self.started.setdefault(line["lab"], line["at"])
            case "passed":
                checks = tuple(result_from(check) for check in line["checks"])
                self.passed[_ref(line["step"])] = passing = Passing(line["at"], checks)
                self.containers |= {str(passing.evidence["container"])} if "container" in passing.evidence else set()
            case "judged":
                self._judged(_ref(line["step"]), line.get("reason"), line.get("next"))
            case "shown":
                self.shown = _ref(line["step"])
            case "hinted":
                self.hints[_ref(line["step"])] = int(line["count"])
            case "reset":
                self._reset(line["steps"])

    def _judged(self, step: StepRef, reason: str | None, command: str | None) -> None:
        self.wanting.pop(step, None)
        if reason is not None:
            self.wanting[step] = Finding(reason, command)

    def _reset(self, steps: Iterable[str]) -> None:
        self.shown = None
        for step in map(_ref, steps):
            for known in (self.passed, self.hints, self.wanting):
                known.pop(step, None)


def _ref(text: str) -> StepRef:
    lab, _, name = text.partition("/")
    return StepRef(lab, name)


def _judged(report: StepReport) -> Mapping[str, Any]:
    line = {"event": "judged", "step": str(report.step), "verdict": report.verdict.value, "state": report.state.value}
    wanting = next((check for check in report.checks if check.verdict is not Verdict.PASSED), None)
    return line if wanting is None else {**line, "reason": wanting.reason, "next": wanting.next}


def _drop_torn_line(descriptor: int) -> None:
    """Cut off what a crash left behind the last newline."""
    size = os.fstat(descriptor).st_size
    keep = size
    while keep and os.pread(descriptor, 1, keep - 1) != b"\n":
        keep -= 1
    if keep != size:
        os.ftruncate(descriptor, keep)
