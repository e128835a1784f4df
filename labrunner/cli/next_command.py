"""``labrunner next``: on to the next step."""

from __future__ import annotations

import click

from labrunner.cli.judging import judged_code, show_judged
from labrunner.cli.main import EXIT_DONE
from labrunner.cli.options import engine_option, home_option, json_option, print_json
from labrunner.cli.start_command import begin
from labrunner.model.lab import Lab
from labrunner.runner.judging import judge
from labrunner.runner.session import Session, open_session


@click.command("next")
@home_option
@engine_option
@json_option
def command(home: str | None, engine: str, *, as_json: bool) -> int:
    """On to the next step; after a lab's last one, to the next lab.

    A step that is open and has been shown is verified first, and is not left before it has passed.

    \b
      labrunner next
    """
    session = open_session(home)
    lab = session.current
    if lab is not None and (step := session.progress.open_step(lab)) and session.progress.shown == step.ref:
        judged = judge(session, (step,), engine)
        if judged_code(judged) != EXIT_DONE:
            show_judged(judged, as_json=as_json)
            return judged_code(judged)
        session = open_session(home)
    following = _lab_to_go_on_with(session)
    if following is None:
        if as_json:
            print_json({"lab": None, "folder": None, "variables": {}, "step": None, "name": None})
        else:
            click.echo("all labs are done")
        return EXIT_DONE
    begin(session, following, {}, as_json=as_json)
    return EXIT_DONE


def _lab_to_go_on_with(session: Session) -> Lab | None:
    """The current lab while a step of it is open, else the next one with an open step, else an earlier one."""
    labs = session.course.labs
    current = labs.index(session.current) if session.current else 0
    in_order = [*labs[current:], *labs[:current]]
    return next((lab for lab in in_order if session.progress.open_step(lab) is not None), None)
