"""``labrunner export``: progress and files, to another machine."""

from __future__ import annotations

from pathlib import Path

import click

from labrunner.cli.completing import files
from labrunner.cli.options import home_option, json_option, print_json, screen
from labrunner.runner.portable import export_to
from labrunner.runner.session import open_session


@click.command("export")
@click.argument("file", metavar="[FILE]", default="labrunner-progress.tar.gz", shell_complete=files)
@home_option
@json_option
def command(file: str, home: str | None, *, as_json: bool) -> None:
    """Put your progress and files into FILE; labrunner-progress.tar.gz when left out.

    Passwords and logins stay here, and so does what is on the engine: goto brings that about on the other machine.

    \b
      labrunner export
      labrunner export /media/stick/labs.tar.gz
    """
    session = open_session(home)
    target = Path(file).absolute()
    count = export_to(target, session.home, session.course)
    if as_json:
        print_json({"file": str(target), "files": count})
    else:
        on = screen()
        click.echo(on.wrapped(f"your progress and {count} files are in {target}", indent=2))
        click.echo(on.command(f"labrunner import {target.name}", "next, on the other machine: "))
