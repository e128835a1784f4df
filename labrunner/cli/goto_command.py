"""``labrunner goto``: bring about what comes before a step, across labs."""

from __future__ import annotations

import time
from dataclasses import replace

import click

from labrunner.cli.completing import step_names
from labrunner.cli.options import (
    engine_option,
    exit_code,
    home_option,
    json_option,
    offline_option,
    print_json,
    screen,
)
from labrunner.cli.start_command import begin
from labrunner.engine.find import find_engine
from labrunner.model.lab import Lab, Step
from labrunner.model.verdict import LabReport, Report, StepReport, Verdict
from labrunner.report.data import report_data
from labrunner.report.text import report_head, step_text, sum_line
from labrunner.runner.catch_up import labs_before
from labrunner.runner.session import open_session, stand_ins_of, wanted_images
from labrunner.runner.workplace import Workplace, workplace


@click.command("goto")
@click.argument("step", shell_complete=step_names)
@click.option("--yes", "-y", "agreed", is_flag=True, help="Agree to stand-ins for images that no hub gives.")
@offline_option
@home_option
@engine_option
@json_option
def command(step: str, home: str | None, engine: str, *, agreed: bool, offline: bool, as_json: bool) -> int:
    """Bring about what comes before STEP, across labs, and stand there.

    What holds already is left alone. STEP and what builds on it are open again.

    \b
      labrunner goto step3
      labrunner goto deploy-change/step1    with the labs that it needs
    """
    session = open_session(home)
    asked = session.step(step)
    with workplace(session, find_engine(engine), "labrunner goto") as place:
        report = bring_about(place, asked, offline=offline, agreed=agreed, as_json=as_json)
    if as_json:
        print_json(report_data(report))
    if report.verdict is Verdict.PASSED:
        session = open_session(home)
        begin(session, session.course.lab(asked.ref.lab), {}, quiet=as_json)
    return exit_code(report.verdict)


def bring_about(place: Workplace, step: Step, *, offline: bool, agreed: bool, as_json: bool) -> Report:
    """Do what comes before a step and tell of each; where JSON is asked for, on standard error."""
    began = time.monotonic()
    course = place.session.course
    labs = labs_before(course, course.lab(step.ref.lab))
    missing = [image for image in wanted_images(labs) if place.ledger.engine.image(image) is None]
    if missing:
        from labrunner.cli.obtaining import obtain_images  # noqa: PLC0415 - rich and the SDK, only where needed

        obtain_images(place.facts.endpoint, missing, offline=offline, agreed=agreed or offline)
    on = screen(err=as_json)
    head = Report(place.facts, (), stand_ins_of(place.ledger.engine, labs))
    click.echo(report_head(head, on), err=as_json)
    reports: list[StepReport] = []
    for each in place.bring_about(step):
        if not reports or reports[-1].step.lab != each.step.lab:  # each lab counts its steps from 1
            title = course.lab(each.step.lab).title
            click.echo("\n" + on.wrapped(f"{each.step.lab}: {title}", indent=2), err=as_json)
        reports.append(each)
        click.echo(step_text(each, on), err=as_json)
    report = replace(head, labs=_by_lab(labs, reports), seconds=round(time.monotonic() - began, 3))
    click.echo(f"\n{sum_line(report, on)}\n", err=as_json)
    return report


def _by_lab(labs: tuple[Lab, ...], reports: list[StepReport]) -> tuple[LabReport, ...]:
    found = ((lab, tuple(report for report in reports if report.step.lab == lab.name)) for lab in labs)
    return tuple(LabReport(lab.name, lab.title, steps) for lab, steps in found if steps)
