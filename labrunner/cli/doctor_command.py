"""``labrunner doctor``: say whether this host can run the labs, and mend what is harmless to mend."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from labrunner.cli.completing import lab_names
from labrunner.cli.main import EXIT_DONE, EXIT_NOT_DONE
from labrunner.cli.options import engine_option, home_option, json_option, offline_option, print_json, screen
from labrunner.engine.engine import Engine
from labrunner.engine.examine import examine, examine_images, examine_ports, taken_names
from labrunner.engine.examine_host import (
    examine_certificates,
    examine_home,
    examine_memory,
    examine_namespaces,
    examine_plain_registry,
    examine_proxy,
)
from labrunner.engine.examine_hub import examine_hub
from labrunner.engine.examine_namespace import examine_needs
from labrunner.engine.find import install_advice
from labrunner.engine.finding import Finding
from labrunner.engine.ledger import Ledger, default_ledger
from labrunner.engine.namespace import namespace_engine
from labrunner.model.errors import LabrunnerError
from labrunner.model.lab import Lab
from labrunner.model.verdict import EngineFacts
from labrunner.report.data import engine_data
from labrunner.report.screen import NARROW
from labrunner.runner.hands import names_of
from labrunner.runner.home import leftover_homes
from labrunner.runner.session import Session, open_session, wanted_images
from labrunner.runner.variables import port_is_free

#: The labs that the namespace engine can do so far.
NAMESPACE_LABS = frozenset({"first-container"})


@click.command("doctor")
@click.argument("lab", required=False, shell_complete=lab_names)
@click.option("--fix", is_flag=True, help="Mend what is harmless: fetch images, make the home, remove leftovers.")
@offline_option
@home_option
@engine_option
@json_option
def command(lab: str | None, home: str | None, engine: str, *, fix: bool, offline: bool, as_json: bool) -> int:
    """Can this host run LAB, or all labs? Each blocker comes with the command that lifts it.

    The exit code is 1 if there is one.

    \b
      labrunner doctor
      labrunner doctor --offline                ask no hub
      labrunner doctor nginx-and-mongo --fix    fetch what is missing, then look again
    """
    session = open_session(home)
    labs = session.course.labs if lab is None else (session.lab(lab),)
    fixed = tuple(_mend(session, labs, engine, offline=offline)) if fix else ()
    facts, findings = _examine(session, labs, engine, offline=offline)
    blocked = any(finding.blocks for finding in findings)
    if as_json:
        print_json(
            {
                "verdict": "failed" if blocked else "passed",
                "engine": engine_data(facts) if facts else None,
                "findings": [_row(finding) for finding in findings],
                **({"fixed": [_row(finding) for finding in fixed]} if fix else {}),
            }
        )
        return EXIT_NOT_DONE if blocked else EXIT_DONE
    for finding in fixed:
        _tell("failed" if finding.blocks else "fixed", finding)
    for finding in findings:
        _tell("BLOCKS" if finding.blocks else "ok", finding)
    return EXIT_NOT_DONE if blocked else EXIT_DONE


def _examine(
    session: Session, labs: tuple[Lab, ...], choice: str, *, offline: bool
) -> tuple[EngineFacts | None, tuple[Finding, ...]]:
    facts, first = examine(choice)
    findings = [*first, examine_home(session.home.path), examine_namespaces(), *examine_certificates(os.environ)]
    if choice == "namespace" or (facts is not None and facts.kind == "namespace"):
        findings += [*examine_needs(namespace_engine()), *_not_yet(labs)]
    if not offline:
        findings.append(examine_hub())
    if facts is None:
        return None, tuple(findings)
    engine = Engine(facts.endpoint)
    info = engine.api.json("GET", "/info")
    findings += [*examine_memory(info), examine_proxy(info, os.environ)]
    if facts.kind == "podman" and any("registry" in lab.variables for lab in labs):
        findings += examine_plain_registry(info)
    findings += examine_images(engine, wanted_images(labs))
    values = [item for lab in labs for item in session.progress.of_lab(lab).items()]
    findings += examine_ports(
        engine, sorted({int(value) for name, value in values if name.endswith("_port")}), port_is_free
    )
    ledger = Ledger(default_ledger(), engine)
    if left := sum(len(ledger.made(name)) for name in leftover_homes(ledger)):
        says = f"{left} things that an earlier run made are still on the engine"
        findings.append(Finding("leftover", blocks=False, says=says, next="labrunner doctor --fix"))
    for lab in labs:
        for error in taken_names(ledger, lab.name, names_of(lab), str(session.home.path)):
            findings.append(Finding("name", blocks=False, says=error.says, next=error.next))
    return facts, tuple(findings)


def _not_yet(labs: tuple[Lab, ...]) -> Iterator[Finding]:
    """The labs that take what the namespace engine does not have yet: networks with ports, and builds."""
    left = [lab.name for lab in labs if lab.name not in NAMESPACE_LABS]
    if left:
        says = f"the namespace engine publishes no ports and builds no images yet, which {', '.join(left)} need"
        yield Finding("namespace", blocks=True, says=says, next=install_advice())


def _mend(session: Session, labs: tuple[Lab, ...], choice: str, *, offline: bool) -> Iterator[Finding]:
    """Do what harms nobody, and say what was done, or why it failed; finding an engine starts an installed one."""
    home = session.home.path
    if not home.exists():
        try:
            home.mkdir(parents=True)
            yield Finding("home", blocks=False, says=f"the home {home} was made")
        except OSError as error:
            yield Finding(
                "home", blocks=True, says=f"the home {home} was to be made, and that failed: {error.strerror}"
            )
    facts, _ = examine(choice)
    if facts is None:
        return
    engine = Engine(facts.endpoint)
    try:
        yield from _swept(Ledger(default_ledger(), engine))
    except LabrunnerError as error:  # a run that goes on needs what it made
        yield Finding("leftover", blocks=True, says=error.says, next=error.next)
    lacking = [image for image in wanted_images(labs) if engine.image(image) is None]
    if not lacking:
        return
    from labrunner.cli.obtaining import obtain_images  # noqa: PLC0415 - rich and the SDK, only where they are needed

    try:
        for each in obtain_images(facts.endpoint, lacking, offline=offline, agreed=offline):
            yield Finding("image", blocks=False, says=f"{each.reference} was {each.how}")
    except LabrunnerError as error:
        yield Finding("image", blocks=True, says=error.says, next=error.next)


def _swept(ledger: Ledger) -> Iterator[Finding]:
    homes = leftover_homes(ledger)
    left = sum(len(ledger.made(name)) for name in homes)
    if not left:
        return
    with ledger.held():
        kept = [made for name in homes for made in ledger.sweep(name)]
    yield Finding("leftover", blocks=False, says=f"{left - len(kept)} of {left} leftovers of earlier runs were removed")


def _row(finding: Finding) -> dict[str, object]:
    return {"what": finding.what, "blocks": finding.blocks, "says": finding.says, "next": finding.next}


def _tell(word: str, finding: Finding) -> None:
    on = screen()
    head = f"{word:7} {finding.what:9} "
    indent = len(head) if on.width >= NARROW else 2
    click.echo(on.wrapped(finding.says, head, indent=indent))
    if finding.next:
        click.echo(on.command(finding.next, f"{'':{indent}}next: "))
