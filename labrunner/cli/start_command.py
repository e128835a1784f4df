"""``labrunner start``: make or resume a lab's folder, show its first open step."""

from __future__ import annotations

from collections.abc import Mapping

import click

from labrunner.cli.completing import lab_names
from labrunner.cli.options import home_option, json_option, print_json, screen
from labrunner.content.substitute import with_placeholders, with_variables
from labrunner.model.errors import UsageError
from labrunner.model.lab import Lab
from labrunner.report.page import step_page
from labrunner.runner.session import Session, open_session


def _pairs(settings: tuple[str, ...]) -> dict[str, str]:
    for setting in settings:
        if not all(setting.partition("=")):
            raise UsageError(
                f"{setting!r} was to be set, and it is not NAME=VALUE", next="labrunner start push --set user=me"
            )
    return dict(setting.split("=", 1) for setting in settings)


@click.command("start")
@click.argument("lab", shell_complete=lab_names)
@click.option(
    "--set", "settings", metavar="NAME=VALUE", multiple=True, help="A variable of the lab: a port, user, registry."
)
@home_option
@json_option
def command(lab: str, settings: tuple[str, ...], home: str | None, *, as_json: bool) -> None:
    """Make or resume the folder of LAB, and show its first open step.

    \b
      labrunner start nginx-and-mongo
      labrunner start push --set registry=docker.io --set user=me    to the hub, as yourself
    """
    session = open_session(home)
    begin(session, session.lab(lab), _pairs(settings), as_json=as_json)


def begin(session: Session, lab: Lab, wanted: Mapping[str, str], *, as_json: bool = False, quiet: bool = False) -> None:
    """Start or resume a lab, and show its first open step, unless ``quiet``."""
    values = session.home.start(session.course, lab, wanted)
    shown = with_variables(lab, values)
    step = session.progress.open_step(shown) or shown.steps[-1]
    session.home.journal.shown(step.ref)
    folder = session.home.folder(lab.name)
    changed = {name: value for name, value in values.items() if value != lab.variables[name]}
    if quiet:
        return
    if as_json:
        print_json(
            {
                "lab": lab.name,
                "folder": str(folder),
                "variables": dict(values),
                "step": step.position,
                "name": step.name,
            }
        )
        return
    filled = with_placeholders(shown, step, session.progress.recorded())
    on = screen()
    click.echo(step_page(shown, filled, on, intro=step is shown.steps[0]))
    for name, value in changed.items():
        click.echo(on.wrapped(f"{name} is {value} here, not {lab.variables[name]}; the text above says so"))
    for name in shown.secrets:
        click.echo(on.wrapped(f"the lab's {name} is in {folder / name}.txt"))
    click.echo("type it in: labrunner shell")
    click.echo(on.command(f"cd {folder}", "or in a shell of your own: "))
