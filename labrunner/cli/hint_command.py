"""``labrunner hint``: the next hint of a step, from vague to exact."""

from __future__ import annotations

import click

from labrunner.cli.completing import step_names
from labrunner.cli.options import home_option, json_option, print_json, screen
from labrunner.report.markdown import rendered
from labrunner.report.page import check_command
from labrunner.report.text import commands
from labrunner.runner.hinting import next_hint
from labrunner.runner.session import open_session


@click.command("hint")
@click.argument("step", required=False, shell_complete=step_names)
@home_option
@json_option
def command(step: str | None, home: str | None, *, as_json: bool) -> None:
    """The next hint for STEP, from vague to exact; for the open step when left out.

    What the last check found comes first. The last hint is the exact command.

    \b
      labrunner hint
      labrunner hint mongo    the step of that name in the current lab
    """
    session = open_session(home)
    asked = session.open_step() if step is None else session.step(step)
    hint = next_hint(session, asked)
    if as_json:
        wanting = None if hint.found is None else {"reason": hint.found.reason, "next": hint.found.next}
        print_json(
            {
                "lab": asked.ref.lab,
                "step": asked.position,
                "name": asked.name,
                "found": wanting,
                "hint": hint.text,
                "number": hint.number,
                "of": hint.of,
                "next": hint.next,
            }
        )
        return
    on = screen()
    click.echo(on.wrapped(f"{asked.ref}: {hint.step.title}", indent=2))
    if hint.found is not None:
        click.echo(on.wrapped(f"the last check found: {hint.found.reason}", indent=2))
        if hint.found.next:
            click.echo("\n".join(commands(hint.found.next, on, "  so type: ")))
    click.echo(f"\nhint {hint.number} of {hint.of}:\n\n{rendered(hint.text, on)}\n")
    click.echo(on.command(check_command(asked), "next: "))
    click.echo(on.command(hint.next, "or: "))
