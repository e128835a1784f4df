"""``labrunner engine``: the namespace engine, for hosts where nobody can install Docker."""

from __future__ import annotations

import shlex

import click

from labrunner.cli.completing import folders
from labrunner.cli.main import EXIT_DONE, EXIT_NOT_DONE
from labrunner.cli.options import json_option, print_json, screen
from labrunner.engine.namespace import DATA, NamespaceEngine, namespace_engine
from labrunner.engine.namespace import start as start_engine
from labrunner.engine.namespace import stop as stop_engine

_data = click.option(
    "--data",
    metavar="DIR",
    help=f"Its images and containers; default {DATA}, else ~/.local/share/labrunner, as root /var/lib/labrunner.",
    shell_complete=folders,
)
_LINES = 20


@click.group("engine")
def command() -> None:
    """The namespace engine: containers where nobody can install Docker, as root or as an ordinary user.

    It speaks Docker's API, so the docker command and whatever else knows Docker works with it.

    \b
      labrunner engine start
      eval "$(labrunner engine env)"     then docker talks to it
      labrunner engine stop              ends it, and its containers
    """


@command.command("start")
@_data
@json_option
def start(data: str | None, *, as_json: bool) -> None:
    """Start it; this returns once its API answers.

    \b
      labrunner engine start
      labrunner engine start --data /scratch/me/labrunner
    """
    engine = namespace_engine(data)
    lacking = start_engine(engine)
    for says in lacking or ():
        click.echo(screen(err=True).wrapped(says, "goes on without: ", indent=2), err=True)
    if as_json:
        _print_state(engine)
        return
    how = "was started before" if lacking is None else "has started"
    click.echo(f"the namespace engine {how}, and answers at {engine.host}")
    click.echo(screen().command(f'eval "$({_again("env", data)})"', "next: "))


@command.command("stop")
@_data
def stop(data: str | None) -> None:
    """End it and its containers; images and containers' files stay.

    \b
      labrunner engine stop
    """
    engine = namespace_engine(data)
    click.echo("the namespace engine has ended" if stop_engine(engine) else f"no engine answers at {engine.host}")


@command.command("status")
@_data
@json_option
def status(data: str | None, *, as_json: bool) -> int:
    """Whether it answers; exit code 1 where it does not.

    \b
      labrunner engine status
    """
    engine = namespace_engine(data)
    pid = engine.pid()
    if as_json:
        _print_state(engine)
    elif pid is None:
        click.echo(f"no engine answers at {engine.host}")
        click.echo(screen().command(_again("start", data), "next: "))
    else:
        click.echo(f"the namespace engine answers at {engine.host} (process {pid})")
    return EXIT_NOT_DONE if pid is None else EXIT_DONE


@command.command("env")
@_data
def env(data: str | None) -> None:
    """What your shell has to be told, so that docker talks to it.

    \b
      eval "$(labrunner engine env)"
    """
    click.echo(f"export DOCKER_HOST={shlex.quote(namespace_engine(data).host)}")


@command.command("logs")
@_data
@click.option(
    "--lines", "-n", type=click.IntRange(min=1), default=_LINES, show_default=True, help="How many lines of its end."
)
def logs(data: str | None, lines: int) -> None:
    """The end of what it said.

    \b
      labrunner engine logs
      labrunner engine logs -n 200
    """
    engine = namespace_engine(data)
    if not engine.log.exists():
        click.echo(f"{engine.log} is not there: no engine was started with this folder", err=True)
        return
    click.echo("\n".join(engine.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]))


def _print_state(engine: NamespaceEngine) -> None:
    print_json(
        {"running": engine.pid() is not None, "pid": engine.pid(), "host": engine.host, "data": str(engine.data)}
    )


def _again(subcommand: str, data: str | None) -> str:
    given = "" if data is None else f" --data {shlex.quote(data)}"
    return f"labrunner engine {subcommand}{given}"
