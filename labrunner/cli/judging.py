"""Verify steps for ``check`` and ``next``: find the engine, ask for the verdict, record it, show it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import click

from labrunner.cli.main import EXIT_ERRORED, show_error
from labrunner.cli.options import exit_code, print_json, screen
from labrunner.cli.session import Session, stand_ins_of
from labrunner.content.locate import course_folder
from labrunner.engine.engine import Engine
from labrunner.engine.find import find_engine
from labrunner.model.errors import LabrunnerError, ToolError
from labrunner.model.lab import Step
from labrunner.model.verdict import LabReport, Report, Verdict
from labrunner.report.data import error_data, report_data
from labrunner.report.text import report_text
from labrunner.runner.home import surroundings
from labrunner.verify.process import CheckHost
from labrunner.verify.verifier import verify


@dataclass(frozen=True)
class Judged:
    """A report, and why it could not be recorded in the journal, if it could not."""

    report: Report
    unrecorded: LabrunnerError | None = None

    @property
    def exit_code(self) -> int:
        """The report's, or that of an error where it is not recorded: the next command would not know of it."""
        return exit_code(self.report.verdict) if self.unrecorded is None else EXIT_ERRORED

    def show(self, *, as_json: bool) -> None:
        """Put it on standard output; a verdict is shown even where it could not be recorded."""
        if as_json:
            data = report_data(self.report)
            print_json(data if self.unrecorded is None else {**error_data(self.unrecorded), "labs": data["labs"]})
        else:
            click.echo(report_text(self.report, screen()))
            click.echo(screen().command(*self._what_now()))
        if self.unrecorded is not None:
            show_error(self.unrecorded)

    def _what_now(self) -> tuple[str, str]:
        """The command to go on with, and what leads to it."""
        if self.report.verdict is Verdict.PASSED:
            return "labrunner next", "next: "
        wanting = next(step for lab in self.report.labs for step in lab.steps if step.verdict is not Verdict.PASSED)
        helps = "goto" if wanting.verdict is Verdict.BLOCKED else "hint"  # goto brings about what a step waits for
        return f"labrunner {helps} {wanting.step}", "stuck? "


def judge(
    session: Session,
    steps: tuple[Step, ...],
    engine: str,
    *,
    answers: Mapping[str, str] | None = None,
    host: CheckHost | None = None,
) -> Judged:
    """Verify steps of one lab as of now."""
    began = time.monotonic()
    with ExitStack() as stack:
        checks = host or stack.enter_context(CheckHost(course_folder("checks")))
        facts = find_engine(engine)
        around = surroundings(session.course, session.home, facts.endpoint, answers)
        found = verify(session.course, session.progress, steps, checks, around)
        unrecorded = None
        if session.home.path.exists() or found.passings:
            try:
                session.home.journal.judged(found.reports, found.passings)
            except ToolError as error:
                unrecorded = error
        lab = session.course.lab(steps[0].ref.lab)
        return Judged(
            Report(
                engine=facts,
                labs=(LabReport(lab.name, lab.title, found.reports),),
                stand_ins=stand_ins_of(Engine(facts.endpoint), (lab,)),
                seconds=round(time.monotonic() - began, 3),
            ),
            unrecorded,
        )
