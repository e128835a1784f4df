"""``labrunner reset``: back to the start, removing only what the lab made."""

from __future__ import annotations

from collections.abc import Iterable

import click

from labrunner.cli.completing import step_and_lab_names
from labrunner.cli.goto_command import bring_about
from labrunner.cli.main import EXIT_DONE
from labrunner.cli.options import engine_option, exit_code, home_option, json_option, print_json, screen
from labrunner.engine.find import find_engine
from labrunner.model.errors import UsageError
from labrunner.model.lab import Lab, Step
from labrunner.model.verdict import Verdict
from labrunner.runner.reset import Reset, reset_lab
from labrunner.runner.session import Session, open_session
from labrunner.runner.workplace import workplace


@click.command("reset")
@click.argument("target", metavar="[STEP|LAB]", required=False, shell_complete=step_and_lab_names)
@click.option("--all", "everything", is_flag=True, help="Reset all labs, and remove all that this home made.")
@home_option
@engine_option
@json_option
def command(target: str | None, home: str | None, engine: str, *, everything: bool, as_json: bool) -> int:
    """Back to the start of a step or a lab. Your own files are kept aside; nobody else's things are touched.

    Before a step's start its lab is reset, and the steps before it are done again.

    \b
      labrunner reset nginx-and-mongo
      labrunner reset step3    the current lab, as it was before its third step
      labrunner reset --all    everything that this home made
    """
    session = open_session(home)
    if everything == (target is not None):
        raise UsageError(
            "reset needs the name of a step or a lab, or --all and no name",
            next=f"labrunner reset {session.demand_current('a reset').name}",
        )
    step = _step(session, target)
    with workplace(session, find_engine(engine), "labrunner reset") as place:
        labs = (session.course.lab(step.ref.lab),) if step else _labs(session, target)
        done = [reset_lab(session.course, lab, session.home, place.ledger) for lab in reversed(labs)]
        if everything:
            place.end_all()
        if not as_json:
            _show(done)
        if step is not None and step.number > 1:
            report = bring_about(place, step, offline=False, agreed=False, as_json=as_json)
            if report.verdict is not Verdict.PASSED:
                return exit_code(report.verdict)
    elsewhere = place.ledger.elsewhere(str(session.home.path)) if everything else {}
    if as_json:
        print_json({"reset": [_data(each) for each in done], **({"elsewhere": elsewhere} if elsewhere else {})})
    else:
        for endpoint, number in elsewhere.items():
            click.echo(
                screen().wrapped(f"{number} things of this home are still on the engine at {endpoint}", indent=2)
            )
            click.echo(screen().command(f"DOCKER_HOST={endpoint} labrunner reset --all", "next: "))
        click.echo(f"next: labrunner start {labs[0].name}" if step is None else "next: labrunner show")
    return EXIT_DONE


def _step(session: Session, target: str | None) -> Step | None:
    if target is None or any(lab.name == target for lab in session.course.labs):
        return None
    return session.step(target)


def _labs(session: Session, target: str | None) -> tuple[Lab, ...]:
    return session.course.labs if target is None else (session.lab(target),)


def _show(done: Iterable[Reset]) -> None:
    on = screen()
    for each in done:
        aside = f"; your files are in {each.aside}" if each.aside else ""
        click.echo(on.wrapped(f"{each.lab} is at its start{aside}", indent=2))
        for kept in each.kept:
            click.echo(on.wrapped(f"still in use, so left: {kept.kind} {kept.name}", "  "))


def _data(reset: Reset) -> dict[str, object]:
    return {
        "lab": reset.lab,
        "files": str(reset.aside) if reset.aside else None,
        "kept": [{"kind": made.kind, "name": made.name} for made in reset.kept],
    }
