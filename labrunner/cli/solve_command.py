"""``labrunner solve``: do a step before the learner's eyes, and explain what is typed."""

from __future__ import annotations

import sys

import click

from labrunner.cli.completing import step_names
from labrunner.cli.options import engine_option, exit_code, home_option, json_option, print_json, screen
from labrunner.content.explain import load_meanings
from labrunner.content.locate import course_folder
from labrunner.engine.find import find_engine
from labrunner.model.lab import Action
from labrunner.model.verdict import LabReport, Report, StepReport, Verdict
from labrunner.report.data import report_data
from labrunner.report.telling import action_text
from labrunner.report.text import report_head, step_text
from labrunner.runner.session import open_session, stand_ins_of
from labrunner.runner.workplace import workplace


@click.command("solve")
@click.argument("step", required=False, shell_complete=step_names)
@home_option
@engine_option
@json_option
def command(step: str | None, home: str | None, engine: str, *, as_json: bool) -> int:
    """Do STEP for me, and show how; the open step when left out.

    It is typed into the lab's own terminals, which you can look at: labrunner shell --term NAME.

    \b
      labrunner solve
      labrunner solve nginx-and-mongo/mongo
    """
    session = open_session(home)
    asked = session.open_step() if step is None else session.step(step)
    facts = find_engine(engine)
    with workplace(session, facts, "labrunner solve") as place:
        if asked.ref.lab not in session.progress.variables:
            session.home.start(session.course, session.course.lab(asked.ref.lab), {})
        teller = _Teller(err=as_json)
        report = place.solve(asked, teller, teller.say, sys.stderr if as_json else sys.stdout)
    lab = session.course.lab(asked.ref.lab)
    whole = Report(facts, (LabReport(lab.name, lab.title, (report,)),), stand_ins_of(place.ledger.engine, (lab,)))
    if as_json:
        print_json(report_data(whole))
    else:
        on = screen()
        click.echo(f"\n{report_head(Report(facts, ()), on)}\n{step_text(report, on)}")
        click.echo(on.command(*what_now(report)))
    return exit_code(report.verdict)


def what_now(report: StepReport) -> tuple[str, str]:
    """The command to go on with, and what leads to it; a step that failed has said before what is in the way."""
    if report.verdict is Verdict.PASSED:
        return "labrunner next", "next: "
    if report.verdict is Verdict.BLOCKED:
        return f"labrunner goto {report.step}", "next: "
    return f"labrunner check {report.step}", "then: "


class _Teller:
    """Says of each action what it is, before it is done."""

    def __init__(self, *, err: bool) -> None:
        self._err = err
        self._on = screen(err=err)
        self._meanings = load_meanings(course_folder("labs") / "commands.yaml")

    def say(self, text: str) -> None:
        """Put it on standard output, or on standard error where that belongs to JSON."""
        click.echo(text, err=self._err)

    def __call__(self, action: Action) -> None:
        self.say(action_text(action, self._meanings, self._on))
