"""``labrunner doctor``: say whether this host can run the labs."""

from __future__ import annotations

import click

from labrunner.cli.images_command import wanted_images
from labrunner.cli.main import EXIT_DONE, EXIT_NOT_DONE
from labrunner.cli.options import engine_option, home_option, json_option, print_json
from labrunner.cli.session import open_session
from labrunner.engine.engine import Engine
from labrunner.engine.examine import Finding, examine, examine_images, examine_ports, taken_names
from labrunner.engine.ledger import Ledger, default_ledger
from labrunner.report.data import engine_data
from labrunner.runner.hands import names_of
from labrunner.runner.home import port_is_free


@click.command("doctor")
@click.argument("lab", required=False)
@home_option
@engine_option
@json_option
def command(lab: str | None, home: str | None, engine: str, *, as_json: bool) -> int:
    """Can this host run LAB, or all labs? Each blocker comes with the command that lifts it.

    The exit code is 1 if there is one.
    """
    session = open_session(home)
    labs = session.course.labs if lab is None else (session.lab(lab),)
    facts, first = examine(engine)
    findings = list(first)
    if facts is not None:
        asked = Engine(facts.endpoint)
        findings += examine_images(asked, wanted_images(labs))
        ports = {
            int(value)
            for each in labs
            for name, value in session.progress.of_lab(each).items()
            if name.endswith("_port")
        }
        findings += examine_ports(asked, sorted(ports), port_is_free)
        ledger = Ledger(default_ledger(), asked)
        for each in labs:
            for error in taken_names(ledger, each.name, names_of(each)):
                findings.append(Finding("name", blocks=False, says=error.says, next=error.next))
    blocked = any(finding.blocks for finding in findings)
    if as_json:
        rows = [{"what": f.what, "blocks": f.blocks, "says": f.says, "next": f.next} for f in findings]
        verdict = "failed" if blocked else "passed"
        print_json({"verdict": verdict, "engine": engine_data(facts) if facts else None, "findings": rows})
    else:
        for finding in findings:
            click.echo(f"{'BLOCKS' if finding.blocks else 'ok':7} {finding.what:8} {finding.says}")
            if finding.next:
                click.echo(f"{'':16} next: {finding.next}")
    return EXIT_NOT_DONE if blocked else EXIT_DONE
