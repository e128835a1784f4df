"""``labrunner lint``: judge the labs themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import click

from labrunner.authoring.finding import Finding
from labrunner.authoring.lint import lint
from labrunner.authoring.proving.page import proof_page
from labrunner.authoring.proving.proof import CheckProof, proof_data
from labrunner.authoring.source import CourseSource, read_course
from labrunner.cli.completing import lab_names
from labrunner.cli.main import EXIT_DONE, EXIT_ERRORED, EXIT_NOT_DONE, show_error
from labrunner.cli.options import engine_option, json_option, offline_option, print_json
from labrunner.content.locate import course_folder
from labrunner.model.errors import LabrunnerError, UsageError, unknown


@click.command("lint")
@click.argument("labs", nargs=-1, metavar="[LAB]...", shell_complete=lab_names)
@click.option("--prove", "proving", is_flag=True, help="Try near misses and other right ways on a real engine.")
@click.option("--write", "page", metavar="FILE", help="With --prove: the proof as a page in Markdown.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="With --prove: so many steps at once, each on an engine of its own; as root, on Docker.",
)
@offline_option
@engine_option
@json_option
def command(
    labs: tuple[str, ...], page: str | None, jobs: int, engine: str, *, proving: bool, offline: bool, as_json: bool
) -> int:
    """Judge LAB, or all labs, with their checks: every mistake, with file and line and what was expected.

    What a lab's front matter acknowledges is shown with its reason. The exit code is 1 if anything else is found.
    With --prove the labs are done, too: each check has to refuse what is nearly right, for the right reason, and to
    accept what is right in another way. What is proven is not proven again until it changes.

    \b
      labrunner lint
      labrunner lint push deploy-change
      labrunner lint --prove --jobs 2 --write docs/proof.md
    """
    if (page or jobs > 1) and not proving:
        asked = "written" if page else "divided into jobs"
        raise UsageError(
            f"the proof was to be {asked}, and without --prove there is none", next="labrunner lint --help"
        )
    course = course_here()
    known = [lab.name for lab in course.labs]
    for name in labs:
        if name not in known:
            raise unknown("lab", name, known, next="labrunner list")
    found = lint(course, frozenset(labs) or None)
    findings = [finding for finding in found if finding.reason is None]
    acknowledged = [finding for finding in found if finding.reason is not None]
    broken: LabrunnerError | None = None
    proofs: tuple[CheckProof, ...] = ()
    if proving and not any(each.rule in {"lab", "near-miss"} for each in findings):
        from labrunner.cli.proving import prove  # noqa: PLC0415 - the engine and all that works on it, only for a proof

        proven = prove(course, labs, engine, jobs, offline=offline)
        broken, proofs = proven.broken, tuple(chain.from_iterable(step.checks for step in proven.steps))
        findings += chain.from_iterable(step.findings for step in proven.steps)
        if broken is None:
            findings += proven.unnoticed(course, labs)
        if page and broken is None:
            Path(page).write_text(proof_page(course.course, proofs), encoding="utf-8")
    if as_json:
        print_json(
            {
                "verdict": "errored" if broken else "failed" if findings else "passed",
                "findings": [_row(finding) for finding in findings],
                "acknowledged": [{**_row(finding), "reason": finding.reason} for finding in acknowledged],
                **({"proof": [proof_data(proof) for proof in proofs]} if proving else {}),
                **({"error": {"says": broken.says, "next": broken.next}} if broken else {}),
            }
        )
    else:
        _show(findings, acknowledged, len(labs) or len(known))
        if proving:
            _show_sum(proofs)
    if broken is not None:
        show_error(broken)
        return EXIT_ERRORED
    return EXIT_NOT_DONE if findings else EXIT_DONE


def course_here() -> CourseSource:
    """The course that is judged."""
    return read_course(
        course_folder("labs"), course_folder("checks"), course_folder("images"), datetime.now(UTC).date()
    )


def _show_sum(proofs: Sequence[CheckProof]) -> None:
    misses = sum(len(proof.near_misses) for proof in proofs)
    ways = sum(len(proof.alternatives) for proof in proofs)
    mutants = len({mutant.at for proof in proofs for mutant in proof.mutants})
    click.echo(
        f"checks proven: {len(proofs)}, near misses refused: {misses}, other ways accepted: {ways},"
        f" assertions whose absence was noticed: {mutants}"
    )


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
