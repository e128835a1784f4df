"""``labrunner check``: verify a step or a lab."""

from __future__ import annotations

import click

from labrunner.cli.completing import step_and_lab_names
from labrunner.cli.judging import judged_code, show_judged
from labrunner.cli.options import engine_option, home_option, json_option
from labrunner.content.locate import course_folder
from labrunner.runner.judging import demand_question, judge
from labrunner.runner.session import open_session
from labrunner.verify.process import CheckHost
from labrunner.verify.spawn import Spawned


@click.command("check")
@click.argument("target", metavar="[STEP|LAB]", required=False, shell_complete=step_and_lab_names)
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
      labrunner check step3                   the third step of the current lab
      labrunner check inspect --answer 5e1    a step that asks something
      labrunner check nginx-and-mongo         every step of a lab
    """
    with CheckHost(course_folder("checks"), spawned=early) as host:
        session = open_session(home)
        steps = session.steps(target)
        if answer is not None:
            demand_question(session, steps, target or str(steps[0].ref))
        answers = {} if answer is None else {str(steps[0].ref): answer}
        judged = judge(session, steps, engine, answers=answers, host=host)
        show_judged(judged, as_json=as_json)
        return judged_code(judged)
