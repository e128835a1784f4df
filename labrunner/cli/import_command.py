"""``labrunner import``: take up on this machine what was exported on another."""

from __future__ import annotations

from pathlib import Path

import click

from labrunner.cli.completing import files
from labrunner.cli.options import home_option, json_option, print_json, screen
from labrunner.runner.home import Home
from labrunner.runner.portable import import_from
from labrunner.runner.session import open_session


@click.command("import")
@click.argument("file", shell_complete=files)
@home_option
@json_option
def command(file: str, home: str | None, *, as_json: bool) -> None:
    """Take up the progress and files in FILE, which labrunner export made on another machine.

    \b
      labrunner import labrunner-progress.tar.gz
    """
    place: Home = open_session(home).home
    count = import_from(Path(file), place)
    session = open_session(home)
    lab = session.current
    step = (session.progress.open_step(lab) or lab.steps[-1]) if lab else None
    if as_json:
        print_json({"home": str(place.path), "files": count, "lab": lab.name if lab else None})
        return
    on = screen()
    click.echo(
        on.wrapped(f"{len(session.progress.passed)} passed steps and {count} files are in {place.path}", indent=2)
    )
    if step is None:
        click.echo("next: labrunner")
    else:
        click.echo(on.command(f"labrunner goto {step.ref}", "next, to have on this engine what comes before: "))
