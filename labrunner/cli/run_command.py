"""``labrunner run``: do every step as a learner would, and verify each."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

import click

from labrunner.cli.completing import folders, lab_names
from labrunner.cli.options import engine_option, exit_code, json_option, offline_option, print_json, screen
from labrunner.cli.session import open_session, stand_ins_of, wanted_images
from labrunner.content.locate import course_folder
from labrunner.engine.engine import Engine
from labrunner.engine.examine import taken_names
from labrunner.engine.find import demand_client, find_engine
from labrunner.engine.ledger import Ledger, default_ledger
from labrunner.model.errors import LabrunnerError, UsageError
from labrunner.model.lab import Lab, Step
from labrunner.model.verdict import EngineFacts, Report, StepReport, worst
from labrunner.proxy.start import start_scope
from labrunner.report.data import report_data
from labrunner.report.text import report_head, step_text, sum_line, verdict_table
from labrunner.runner.catch_up import labs_before
from labrunner.runner.course_run import Run
from labrunner.runner.hands import names_of
from labrunner.runner.home import THROWAWAY, leftover_homes
from labrunner.verify.process import CheckHost


@click.command("run")
@click.argument("labs", metavar="[LAB]...", nargs=-1, shell_complete=lab_names)
@click.option("--all", "everything", is_flag=True, help="Run all labs.")
@click.option("--keep", is_flag=True, help="Leave the home and what was made on the engine.")
@click.option("--yes", "-y", "agreed", is_flag=True, help="Agree to stand-ins for images that no hub gives.")
@click.option("--home", metavar="DIR", help="The home to run in; default a throwaway one.", shell_complete=folders)
@offline_option
@engine_option
@json_option
def command(
    labs: tuple[str, ...],
    home: str | None,
    engine: str,
    *,
    everything: bool,
    keep: bool,
    agreed: bool,
    offline: bool,
    as_json: bool,
) -> int:
    """Do every step of LAB... as a learner would, and verify each. The labs that a lab needs are run before it.

    \b
      labrunner run --all
      labrunner run push --offline --keep    ask no hub, and leave what was made
    """
    if bool(labs) == everything:
        raise UsageError("run needs the names of labs, or --all and no name", next="labrunner run --all")
    began = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(_terminated_as_interrupted())
        host = stack.enter_context(CheckHost(course_folder("checks")))
        session = open_session(home or stack.enter_context(_throwaway_home(keep=keep)))
        chosen = session.course.labs if everything else labs_before(session.course, *map(session.lab, labs))
        demand_client()
        facts = find_engine(engine)
        _obtain(facts, chosen, offline=offline, agreed=agreed or offline)
        ledger = Ledger(default_ledger(), Engine(facts.endpoint))
        stack.enter_context(ledger.held())
        place = str(session.home.path)
        notes = tuple(_sweep_leftovers(ledger, place))
        _refuse_strangers(ledger, chosen, place)
        head = Report(facts, (), stand_ins_of(ledger.engine, chosen), notes=notes)
        teller = _Teller(quiet=as_json)
        teller.say(report_head(head, teller.screen))
        if not keep:
            stack.callback(_sweep, ledger, place)
        sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="labrunner-scope-")))
        names = [lab.name for lab in chosen]
        scope = stack.enter_context(start_scope(facts.endpoint, ledger.file, session.home.path, sockets, names))
        run = Run(session.course, session.home, ledger.engine, scope, host, teller.beginning, teller.ended)
        reports = tuple(run.labs(chosen))
    report = Report(facts, reports, head.stand_ins, round(time.monotonic() - began, 3), head.notes)
    if as_json:
        print_json(report_data(report))
    else:
        click.echo(f"\n{verdict_table(report, teller.screen)}\n\n{sum_line(report, teller.screen)}")
        if keep:
            click.echo(f"kept: the home {session.home.path}; the next run removes what this one made on the engine")
    return exit_code(worst(lab.verdict for lab in reports))


class _Teller:
    """Tells of each step as it goes: on standard output, or on standard error where that belongs to JSON."""

    def __init__(self, *, quiet: bool) -> None:
        self.to_stderr = quiet
        self.screen = screen(err=quiet)
        self.lab: str | None = None

    def say(self, text: str) -> None:
        click.echo(text, err=self.to_stderr)

    def beginning(self, lab: Lab, _: Step) -> None:
        if lab.name != self.lab:
            self.lab = lab.name
            self.say(f"\n{lab.name}: {lab.title}")

    def ended(self, _: Lab, report: StepReport) -> None:
        self.say(step_text(report, self.screen))


def _obtain(facts: EngineFacts, labs: tuple[Lab, ...], *, offline: bool, agreed: bool) -> None:
    engine = Engine(facts.endpoint)
    missing = [image for image in wanted_images(labs) if engine.image(image) is None]
    if missing:
        from labrunner.cli.obtaining import obtain_images  # noqa: PLC0415 - rich and the SDK, only where they are needed

        obtain_images(facts.endpoint, missing, offline=offline, agreed=agreed)


def _refuse_strangers(ledger: Ledger, labs: tuple[Lab, ...], home: str) -> None:
    for lab in labs:
        for error in taken_names(ledger, lab.name, names_of(lab), home):
            raise error


def _sweep_leftovers(ledger: Ledger, home: str) -> Iterator[str]:
    """Remove what this home made before, and what earlier runs left; what learners made in theirs stays."""
    made = ledger.made()
    homes = leftover_homes(ledger) | {home}
    left = sum(each.home in homes for each in made)
    kept = [each for name in sorted(homes) for each in ledger.sweep(name)]
    if left:
        yield f"{left - len(kept)} things that an earlier run had left were removed first"


def _sweep(ledger: Ledger, home: str) -> None:
    try:
        kept = ledger.sweep(home)
    except LabrunnerError as error:
        click.echo(f"what this run made could not be removed ({error.says}); the next run does it first", err=True)
        return
    if kept:
        click.echo(
            f"still in use, so left for the next run to remove: {', '.join(made.name for made in kept)}", err=True
        )


@contextmanager
def _throwaway_home(*, keep: bool) -> Iterator[str]:
    if keep:
        yield tempfile.mkdtemp(prefix=THROWAWAY)
        return
    with tempfile.TemporaryDirectory(prefix=THROWAWAY) as folder:
        yield str(Path(folder) / "home")


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """A run that is terminated tidies up as one that is interrupted."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        with suppress(ValueError):
            signal.signal(signal.SIGTERM, before)
