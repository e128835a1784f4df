"""``labrunner check``: verify a step or a lab."""

from __future__ import annotations

import time

import click

from labrunner.cli.options import colours, engine_option, exit_code, home_option, json_option, print_json
from labrunner.cli.session import open_session, stand_ins_of
from labrunner.content.locate import course_folder
from labrunner.engine.engine import Engine
from labrunner.engine.find import find_engine
from labrunner.model.errors import UsageError
from labrunner.model.verdict import LabReport, Report
from labrunner.report.data import report_data
from labrunner.report.text import painter, report_text
from labrunner.runner.home import surroundings
from labrunner.verify.process import CheckHost
from labrunner.verify.spawn import Spawned
from labrunner.verify.verifier import verify


@click.command("check")
@click.argument("target", metavar="[STEP|LAB]", required=False)
@click.option("--answer", metavar="TEXT", help="Your answer, where the step asks something.")
@home_option
@engine_option
@json_option
@click.pass_obj
def command(
    early: Spawned | None, target: str | None, answer: str | None, home: str | None, engine: str, *, as_json: bool
) -> int:
    """Verify a step or a whole lab; the open step when left out.

    \b
      labrunner check                       the open step of the current lab
      labrunner check step3                 the third step of the current lab
      labrunner check mongo --answer 5e1    a step that asks something
      labrunner check nginx-and-mongo       every step of a lab
    """
    began = time.monotonic()
    with CheckHost(course_folder("checks"), spawned=early) as host:
        return _check(host, began, target=target, answer=answer, home=home, engine=engine, as_json=as_json)


def _check(
    host: CheckHost,
    began: float,
    *,
    target: str | None,
    answer: str | None,
    home: str | None,
    engine: str,
    as_json: bool,
) -> int:

    session = open_session(home)
    steps = session.steps(target)
    if answer is not None and (len(steps) != 1 or steps[0].ask is None):
        asking = [str(step.ref) for step in session.course.lab(steps[0].ref.lab).steps if step.ask is not None]
        others = ", ".join(asking) or "no step"
        meant = target or steps[0].ref
        raise UsageError(
            f"an answer was given for {meant}, which asks nothing; what asks is {others}",
            next=f"labrunner check {meant}",
        )
    facts = find_engine(engine)
    answers = {} if answer is None else {str(steps[0].ref): answer}
    around = surroundings(session.course, session.home, facts.endpoint)
    found = verify(session.course, session.progress, steps, host, around, answers=answers)
    if session.home.path.exists() or found.passings:
        session.home.journal.judged(found.reports, found.passings)
    lab = session.course.lab(steps[0].ref.lab)
    report = Report(
        engine=facts,
        labs=(LabReport(lab.name, lab.title, found.reports),),
        stand_ins=stand_ins_of(Engine(facts.endpoint), (lab,)),
        seconds=round(time.monotonic() - began, 3),
    )
    if as_json:
        print_json(report_data(report))
    else:
        click.echo(report_text(report, painter(colours=colours())))
    return exit_code(report.verdict)
