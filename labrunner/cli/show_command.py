"""``labrunner show``: a step's text, rendered for a terminal."""

from __future__ import annotations

import shutil

import click

from labrunner.cli.options import colours, home_option, json_option, print_json
from labrunner.cli.session import open_session
from labrunner.content.substitute import with_placeholders, with_variables
from labrunner.report.page import step_page


@click.command("show")
@click.argument("step", required=False)
@home_option
@json_option
def command(step: str | None, home: str | None, *, as_json: bool) -> None:
    """The text of STEP; of the open step when left out."""
    session = open_session(home)
    asked = session.open_step() if step is None else session.step(step)
    plain = session.course.lab(asked.ref.lab)
    lab = with_variables(plain, session.progress.of_lab(plain))
    filled = with_placeholders(lab, lab.steps[asked.number - 1], session.progress.recorded())
    if as_json:
        print_json(
            {"lab": lab.name, "step": filled.position, "name": filled.name, "title": filled.title, "text": filled.text}
        )
        return
    width = shutil.get_terminal_size().columns
    click.echo(step_page(lab, filled, intro=asked.number == 1, width=width, colours=colours()))
