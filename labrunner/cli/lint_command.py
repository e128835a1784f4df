"""``labrunner lint``: judge the labs themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from labrunner.authoring.finding import Finding
from labrunner.authoring.lint import lint
from labrunner.authoring.source import read_course
from labrunner.cli.completing import lab_names
from labrunner.cli.main import EXIT_DONE, EXIT_NOT_DONE
from labrunner.cli.options import json_option, print_json
from labrunner.content.locate import course_folder
from labrunner.model.errors import unknown


@click.command("lint")
@click.argument("labs", nargs=-1, metavar="[LAB]...", shell_complete=lab_names)
@json_option
def command(labs: tuple[str, ...], *, as_json: bool) -> int:
    """Judge LAB, or all labs, with their checks: every mistake, with file and line and what was expected.

    What a lab's front matter acknowledges is shown with its reason. The exit code is 1 if anything else is found.

    \b
      labrunner lint
      labrunner lint push deploy-change
    """
    course = read_course(
        course_folder("labs"), course_folder("checks"), course_folder("images"), datetime.now(UTC).date()
    )
    known = [lab.name for lab in course.labs]
    for name in labs:
        if name not in known:
            raise unknown("lab", name, known, next="labrunner list")
    found = lint(course, frozenset(labs) or None)
    findings = [finding for finding in found if finding.reason is None]
    acknowledged = [finding for finding in found if finding.reason is not None]
    if as_json:
        print_json(
            {
                "verdict": "failed" if findings else "passed",
                "findings": [_row(finding) for finding in findings],
                "acknowledged": [{**_row(finding), "reason": finding.reason} for finding in acknowledged],
            }
        )
    else:
        _show(findings, acknowledged, len(labs) or len(known))
    return EXIT_NOT_DONE if findings else EXIT_DONE


def _show(findings: Sequence[Finding], acknowledged: Sequence[Finding], labs: int) -> None:
    """One line for each, however long: editors and searches read lines."""
    for finding in findings:
        click.echo(f"{_place(finding)}: {finding.rule}: {finding.says}")
    for finding in acknowledged:
        click.echo(f"{_place(finding)}: {finding.rule}: {finding.says} (acknowledged: {finding.reason})")
    click.echo(f"labs judged: {labs}, findings: {len(findings)}, acknowledged: {len(acknowledged)}")


def _row(finding: Finding) -> dict[str, object]:
    return {"file": _shown(finding.file), "line": finding.line, "rule": finding.rule, "says": finding.says}


def _place(finding: Finding) -> str:
    return f"{_shown(finding.file)}:{finding.line}"


def _shown(file: Path) -> str:
    """A file as one would type it: from the current folder, where it is below it."""
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)
