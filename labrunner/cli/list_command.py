"""``labrunner list``: the labs, their length, what they need."""

from __future__ import annotations

import click

from labrunner.cli.completing import lab_names
from labrunner.cli.options import home_option, json_option, print_json, screen
from labrunner.runner.session import open_session


@click.command("list")
@click.argument("lab", required=False, shell_complete=lab_names)
@home_option
@json_option
def command(lab: str | None, home: str | None, *, as_json: bool) -> None:
    """The labs, their length, what they need; with LAB also its steps.

    \b
      labrunner list
      labrunner list nginx-and-mongo    its steps too
    """
    session = open_session(home)
    labs = session.course.labs if lab is None else (session.lab(lab),)
    passed = session.progress.passed
    if as_json:
        print_json(
            {
                "labs": [
                    {
                        "lab": each.name,
                        "title": each.title,
                        "minutes": each.minutes,
                        "needs": list(each.needs),
                        "images": list(each.images),
                        "steps": [
                            {"step": s.position, "name": s.name, "title": s.title, "passed": s.ref in passed}
                            for s in each.steps
                        ],
                    }
                    for each in labs
                ]
            }
        )
        return
    on = screen()
    names = max(len(each.name) for each in session.course.labs)
    for each in labs:
        needs = f", needs {' and '.join(each.needs)}" if each.needs else ""
        says = f"{each.title} ({each.minutes} minutes, {len(each.steps)} steps{needs})"
        click.echo(on.wrapped(says, f"{each.name:{names}}  ", indent=4))
        for step in each.steps if lab else ():
            done = "passed" if step.ref in passed else "open"
            click.echo(on.wrapped(step.title, f"  {step.position:7} {step.name:12} {done:7} ", indent=4))
