"""Show what was judged for ``check`` and ``next``, and say what to type now."""

from __future__ import annotations

import click

from labrunner.cli.main import EXIT_ERRORED, show_error
from labrunner.cli.options import exit_code, print_json, screen
from labrunner.report.data import error_data, report_data
from labrunner.report.text import report_text, what_now
from labrunner.runner.judging import Judged


def judged_code(judged: Judged) -> int:
    """The report's exit code, or that of an error where it is not recorded: the next command would not know of it."""
    return exit_code(judged.report.verdict) if judged.unrecorded is None else EXIT_ERRORED


def show_judged(judged: Judged, *, as_json: bool) -> None:
    """Put it on standard output; a verdict is shown even where it could not be recorded."""
    if as_json:
        data = report_data(judged.report)
        print_json(data if judged.unrecorded is None else {**error_data(judged.unrecorded), "labs": data["labs"]})
    else:
        click.echo(report_text(judged.report, screen()))
        click.echo(screen().command(*what_now(judged.report)))
    if judged.unrecorded is not None:
        show_error(judged.unrecorded)
