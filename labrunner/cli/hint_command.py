"""``labrunner hint``: the next hint of a step, from vague to exact."""

from __future__ import annotations

import click

from labrunner.cli.completing import step_names
from labrunner.cli.options import home_option, json_option, print_json, screen
from labrunner.report.markdown import rendered
from labrunner.report.page import check_command
from labrunner.report.text import commands
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
    filled = session.filled(asked)
    seen = session.progress.hints.get(asked.ref, 0)
    count = min(seen + 1, len(filled.hints))
    if session.home.path.exists():
        session.home.journal.hinted(asked.ref, count)
    found = session.progress.wanting.get(asked.ref)
    hint = filled.hints[count - 1]
    following = f"labrunner hint {asked.ref}" if count < len(filled.hints) else f"labrunner solve {asked.ref}"
    if as_json:
        wanting = None if found is None else {"reason": found.reason, "next": found.next}
        print_json(
            {
                "lab": asked.ref.lab,
                "step": asked.position,
                "name": asked.name,
                "found": wanting,
                "hint": hint,
                "number": count,
                "of": len(filled.hints),
                "next": following,
            }
        )
        return
    on = screen()
    click.echo(on.wrapped(f"{asked.ref}: {filled.title}", indent=2))
    if found is not None:
        click.echo(on.wrapped(f"the last check found: {found.reason}", indent=2))
        if found.next:
            click.echo("\n".join(commands(found.next, on, "  so type: ")))
    click.echo(f"\nhint {count} of {len(filled.hints)}:\n\n{rendered(hint, on)}\n")
    click.echo(on.command(check_command(asked), "next: "))
    click.echo(on.command(following, "or: "))
