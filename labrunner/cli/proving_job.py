"""One job of ``labrunner lint --prove --jobs N``: names of steps on standard input, a line of JSON for each proof.

Its arguments are its number, the folder of proofs that are known, and the labs that the steps are of. What keeps it
from going on is its last line, ``{"error": {"says", "next"}}``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from labrunner.authoring.proving.proof import step_data
from labrunner.cli.lint_command import course_here
from labrunner.cli.proving import walking
from labrunner.engine.find import find_engine
from labrunner.model.errors import LabrunnerError
from labrunner.model.lab import StepRef


def main(number: str, known: str, *names: str) -> None:
    """Prove the steps that are asked for, until no more are."""
    source = course_here()
    labs = tuple(map(source.course.lab, names))
    steps = (source.course.step(StepRef(*line.strip().split("/"))) for line in sys.stdin)
    try:
        with walking(
            source,
            find_engine("docker"),
            labs,
            Path(known),
            lambda line: click.echo(f"{number}: {line}", err=True),
            offline=True,
        ) as walk:
            for proof in walk.prove(steps):
                click.echo(json.dumps(step_data(proof)))
    except LabrunnerError as error:
        click.echo(json.dumps({"error": {"says": error.says, "next": error.next}}))


if __name__ == "__main__":
    main(*sys.argv[1:])
