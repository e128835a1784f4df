"""The options that commands share, and how each is understood."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import Any, TextIO

import click

from labrunner.cli.completing import folders
from labrunner.cli.main import EXIT_DONE, EXIT_ERRORED, EXIT_NOT_DONE
from labrunner.model.verdict import Verdict
from labrunner.report.screen import WIDEST, Screen

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


def decorated(stream: TextIO) -> bool:
    """Whether the stream is a terminal that wants more than plain lines.

    Colours and moving bars are left out where there is no terminal, where TERM is dumb, and where NO_COLOR is set
    (https://no-color.org): a screen reader, a log and a braille line can do nothing with them.
    """
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def screen(*, err: bool = False) -> Screen:
    """Standard output, or standard error, as something that is written on."""
    stream = sys.stderr if err else sys.stdout
    if err and not stream.isatty():  # a log is searched line by line
        return Screen(sys.maxsize)
    width = shutil.get_terminal_size((WIDEST, 24)).columns if stream.isatty() else WIDEST
    return Screen(min(width, WIDEST), colours=decorated(stream))


def print_json(data: dict[str, Any]) -> None:
    """Put the one JSON object on standard output."""
    click.echo(json.dumps(data))


def exit_code(verdict: Verdict) -> int:
    """0 all passed, 1 something failed or is blocked, 3 the tool or the engine broke."""
    return {Verdict.PASSED: EXIT_DONE, Verdict.ERRORED: EXIT_ERRORED}.get(verdict, EXIT_NOT_DONE)
