"""Bare ``labrunner``: where am I."""

from __future__ import annotations

import click

from labrunner.cli.options import print_json, screen
from labrunner.report.page import check_command
from labrunner.runner.session import open_session


def where(home: str | None, *, as_json: bool) -> None:
    """Say the current lab, its open step and the progress in every lab."""
    session = open_session(home)
    lab = session.current
    step = session.progress.open_step(lab) if lab else None
    done = {each.name: sum(s.ref in session.progress.passed for s in each.steps) for each in session.course.labs}
    if as_json:
        print_json(
            {
                "home": str(session.home.path),
                "lab": lab.name if lab else None,
                "step": step.position if step else None,
                "name": step.name if step else None,
                "labs": [
                    {"lab": each.name, "passed": done[each.name], "steps": len(each.steps)}
                    for each in session.course.labs
                ],
            }
        )
        return
    on = screen()
    names = max(len(each.name) for each in session.course.labs)
    for each in session.course.labs:
        mark = ">" if lab is each else " "
        passed = f"{done[each.name]} of {len(each.steps)} steps passed"
        click.echo(on.wrapped(passed, f"{mark} {each.name:{names}}  ", indent=4))
    click.echo()
    if lab is None:
        click.echo("no lab has been started here yet")
        click.echo(f"next: labrunner start {session.course.labs[0].name}")
    elif step is None:
        following = next((each for each in session.course.labs if done[each.name] < len(each.steps)), None)
        click.echo(f"{lab.name} is done")
        click.echo(f"next: labrunner start {following.name}" if following else "all labs are done")
    else:
        click.echo(on.wrapped(f"{lab.name} in {session.home.folder(lab.name)}", indent=2))
        click.echo(on.wrapped(f"{step.position} {step.name}: {step.title}", indent=2))
        click.echo("next: labrunner show")
        click.echo(on.command(check_command(step), "then: "))
