"""What a magic shows: HTML and text for a person, and the JSON of ``--json`` for a program, all three of one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from labrunner.jupyter.wording import in_notebook
from labrunner.model.errors import LabrunnerError
from labrunner.model.lab import Lab
from labrunner.model.verdict import CheckResult, EngineFacts, LabReport, Report, StepReport
from labrunner.report.data import error_data, report_data
from labrunner.report.html import problem_html, report_html
from labrunner.report.screen import Screen
from labrunner.report.text import engine_line, report_text, what_now
from labrunner.runner.session import Session

#: The media type of the JSON: the object that the command line's ``--json`` gives (docs/reference/json.md).
MEDIA_TYPE = "application/vnd.labrunner+json"


@dataclass(frozen=True)
class Verdicts:
    """A report, which a notebook shows and ``report`` gives to whoever reads it in Python."""

    report: Report

    def _repr_mimebundle_(self, **_: object) -> Mapping[str, Any]:
        worded = _reworded(self.report)
        text = report_text(worded, Screen())
        command, lead = what_now(worded)
        return {
            "text/plain": f"{text}\n{lead}{in_notebook(command)}",
            "text/html": in_notebook(report_html(worded)),
            MEDIA_TYPE: report_data(self.report),
        }


@dataclass(frozen=True)
class Problem:
    """An error, as a sentence in the cell."""

    error: LabrunnerError

    def _repr_mimebundle_(self, **_: object) -> Mapping[str, Any]:
        says = in_notebook(self.error.says)
        following = None if self.error.next is None else in_notebook(self.error.next)
        return {
            "text/plain": f"not done: {says}" + (f"\nnext: {following}" if following else ""),
            "text/html": problem_html(says, following),
            MEDIA_TYPE: error_data(self.error),
        }


def lab_text(
    session: Session, lab: Lab, facts: EngineFacts, *, said: str | None, missing: list[str], stale: bool
) -> str:
    """Where a notebook works, in Markdown, and what is to be known before one goes on."""
    folder, values = session.home.folder(lab.name), session.progress.of_lab(lab)
    step = session.progress.open_step(lab)
    lines = [
        f"**{lab.title}**, in `{folder}`",
        f"The open step is step {step.number}: {step.title}." if step else "All steps of this lab have passed.",
    ]
    lines += [
        f"{name} is {value} here, not {lab.variables[name]}: the cells fill it in."
        for name, value in values.items()
        if value != lab.variables[name]
    ]
    lines += [f"The lab's {name} is in `{folder / name}.txt`." for name in lab.secrets]
    if stale:
        lines.append(
            "**This notebook was made from another text of the lab.** Write it anew, in a terminal:"
            f" `labrunner notebook {lab.name}`; yours is kept aside."
        )
    if missing:
        lines.append(f"**The engine lacks {', '.join(missing)}.** In a terminal: `labrunner images prepare {lab.name}`")
    lines += [f"({said})"] if said else []
    return "\n\n".join([*lines, f"<small>{escape(engine_line(facts))}</small>"])


def _reworded(report: Report) -> Report:
    return replace(report, labs=tuple(map(_lab, report.labs)))


def _lab(lab: LabReport) -> LabReport:
    return replace(lab, steps=tuple(map(_step, lab.steps)))


def _step(step: StepReport) -> StepReport:
    return replace(step, checks=tuple(map(_check, step.checks)))


def _check(check: CheckResult) -> CheckResult:
    return replace(
        check,
        reason=None if check.reason is None else in_notebook(check.reason),
        next=None if check.next is None else in_notebook(check.next),
    )
