"""``labrunner shell``: a shell in the lab's folder, bound to the engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping

import click

from labrunner.cli.main import EXIT_DONE
from labrunner.cli.options import engine_option, home_option
from labrunner.engine.find import find_engine
from labrunner.engine.ledger import default_ledger
from labrunner.model.errors import UsageError
from labrunner.runner.keeping import Keeping
from labrunner.runner.lab_shell import TERMINAL, UNSCOPED, lab_environ, without_docker
from labrunner.runner.session import Session, open_session
from labrunner.runner.shell import ARGUMENTS


@click.command("shell")
@click.option("--term", "name", metavar="NAME", default="main", show_default=True, help="Which terminal of the lab.")
@click.option("--no-scope", is_flag=True, help="Let docker reach all of the engine, others' things included.")
@home_option
@engine_option
def command(name: str, home: str | None, engine: str, *, no_scope: bool) -> int:
    """A shell in the current lab's folder, bound to the engine.

    A scope stands between its docker and the engine: what you make is marked as the lab's, and you cannot remove or
    stop what is somebody else's, not even by docker system prune. Without it: --no-scope.

    It is a terminal that outlives the window it is shown in: Ctrl-] lets go of it, and the same command shows it again.
    Where standard input is no terminal, commands are read from there.

    \b
      labrunner shell
      labrunner shell --term second    another terminal beside it
      echo 'docker container ls' | labrunner shell
    """
    session = open_session(home)
    lab = session.demand_current("a shell").name
    scoped = not no_scope
    facts = find_engine(engine)
    environ = lab_environ(session.home, facts.endpoint, facts.endpoint)
    if shutil.which("docker") is None:
        scoped = False
        environ = without_docker(session.home, facts, environ)
        click.echo(f"there is no docker command here, so {UNSCOPED}", err=True)
    if scoped:
        names = [each.name for each in session.course.labs]
        scope = Keeping(session.home.path).scope(facts.endpoint, default_ledger(), names)
        environ = {**environ, "DOCKER_HOST": scope.host(lab)}
    elif no_scope:
        name = f"{name}-no-scope"
    if not sys.stdin.isatty():
        folder = session.home.folder(lab)
        shell = [*ARGUMENTS, "-s"]
        return subprocess.run(shell, cwd=folder, env=environ, check=False).returncode  # noqa: S603 - the user's own typing
    return _looked_at(session, lab, name, environ)


def _looked_at(session: Session, lab: str, name: str, environ: Mapping[str, str]) -> int:
    """Show the kept terminal until one of both ends."""
    from labrunner.runner.looking_on import look_on  # noqa: PLC0415 - termios, which not every host has

    if os.environ.get(TERMINAL) == f"{lab}/{name}":
        raise UsageError(
            f"the terminal {name!r} of {lab} was asked for, and you are in it",
            next="go on typing, or labrunner shell --term NAME for another one",
        )
    keeping = Keeping(session.home.path)
    size = shutil.get_terminal_size()
    keeping.open(
        lab, name, session.home.folder(lab), {**environ, TERMINAL: f"{lab}/{name}"}, (size.lines, size.columns)
    )
    click.echo(f"the terminal {name!r} of {lab}: exit ends it, Ctrl-] lets go of it", err=True)
    _, connection = keeping.attach(lab, name, replay=True)
    with connection:
        goes_on = look_on(connection, lambda rows, columns: keeping.resize(lab, name, rows, columns))
    click.echo(f"\r\n{'it goes on: labrunner shell --term ' + name if goes_on else 'the terminal has ended'}", err=True)
    return EXIT_DONE
