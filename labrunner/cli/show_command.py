"""``labrunner show``: a step's text, rendered for a terminal."""

from __future__ import annotations

import click

from labrunner.cli.completing import step_names
from labrunner.cli.options import home_option, json_option, print_json, screen
from labrunner.report.page import step_page
from labrunner.runner.session import open_session


@click.command("show")
@click.argument("step", required=False, shell_complete=step_names)
@home_option
@json_option
def command(step: str | None, home: str | None, *, as_json: bool) -> None:
    """The text of STEP; of the open step when left out.

    \b
      labrunner show
      labrunner show step3         the third step of the current lab
      labrunner show push/login    a step of another lab
    """
    session = open_session(home)
    asked = session.open_step() if step is None else session.step(step)
    filled = session.filled(asked)
    lab = session.here(session.course.lab(asked.ref.lab))
    if session.current is not None and asked == session.progress.open_step(session.current):
        session.home.journal.shown(asked.ref)
    if as_json:
        print_json(
            {"lab": lab.name, "step": filled.position, "name": filled.name, "title": filled.title, "text": filled.text}
        )
        return
    click.echo(step_page(lab, filled, screen(), intro=asked.number == 1))
