"""The options that commands share, and how each is understood."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from labrunner.cli.completing import folders
from labrunner.cli.main import EXIT_DONE, EXIT_ERRORED, EXIT_NOT_DONE
from labrunner.model.verdict import Verdict

home_option = click.option(
    "--home",
    metavar="DIR",
    help="Your home for the labs; default LABRUNNER_HOME, else ~/labrunner.",
    shell_complete=folders,
)
engine_option = click.option(
    "--engine",
    type=click.Choice(["auto", "docker", "podman", "namespace"]),
    default="auto",
    show_default=True,
    help="Which engine to use.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
offline_option = click.option("--offline", is_flag=True, help="Ask no hub: missing images become stand-ins.")


def home_folder(home: str | None) -> Path:
    """The home that is meant: the option, else LABRUNNER_HOME, else ``~/labrunner``."""
    return Path(home or os.environ.get("LABRUNNER_HOME") or "~/labrunner").expanduser()


def colours() -> bool:
    """Whether standard output is a terminal that wants colours (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_json(data: dict[str, Any]) -> None:
    """Put the one JSON object on standard output."""
    click.echo(json.dumps(data))


def exit_code(verdict: Verdict) -> int:
    """0 all passed, 1 something failed or is blocked, 3 the tool or the engine broke."""
    return {Verdict.PASSED: EXIT_DONE, Verdict.ERRORED: EXIT_ERRORED}.get(verdict, EXIT_NOT_DONE)
