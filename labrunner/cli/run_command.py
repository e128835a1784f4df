"""``labrunner run``: do every step as a learner would, and verify each."""

from __future__ import annotations

import tempfile
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labrunner.cli.completing import folders, lab_names
from labrunner.cli.options import engine_option, exit_code, json_option, offline_option, print_json, screen
from labrunner.cli.throwaway import (
    obtain,
    refuse_strangers,
    sweep,
    sweep_leftovers,
    terminated_as_interrupted,
    throwaway_home,
)
from labrunner.content.locate import course_folder
from labrunner.engine.engine import Engine
from labrunner.engine.find import demand_client, find_engine
from labrunner.engine.ledger import Ledger, default_ledger
from labrunner.model.errors import ToolError, UsageError
from labrunner.model.lab import Lab, Step
from labrunner.model.verdict import EngineFacts, Report, StepReport, worst
from labrunner.proxy.start import start_scope
from labrunner.report.data import report_data
from labrunner.report.text import report_head, step_text, sum_line, verdict_table
from labrunner.runner.catch_up import labs_before
from labrunner.runner.course_run import Run
from labrunner.runner.home import Home
from labrunner.runner.session import Session, open_session, stand_ins_of
from labrunner.verify.process import CheckHost

if TYPE_CHECKING:  # what only --notebook needs
    from nbclient import NotebookClient

    from labrunner.jupyter.execute import NotebookRun


@click.command("run")
@click.argument("labs", metavar="[LAB]...", nargs=-1, shell_complete=lab_names)
@click.option("--all", "everything", is_flag=True, help="Run all labs.")
@click.option("--notebook", "notebooks", is_flag=True, help="Through the labs' notebooks, cell by cell.")
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
    notebooks: bool,
    keep: bool,
    agreed: bool,
    offline: bool,
    as_json: bool,
) -> int:
    """Do every step of LAB... as a learner would, and verify each. The labs that a lab needs are run before it.

    \b
      labrunner run --all
      labrunner run push --offline --keep    ask no hub, and leave what was made
      labrunner run --all --notebook         the same, cell by cell in a Jupyter kernel
    """
    if bool(labs) == everything:
        raise UsageError("run needs the names of labs, or --all and no name", next="labrunner run --all")
    began = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(terminated_as_interrupted())
        host = None if notebooks else stack.enter_context(CheckHost(course_folder("checks")))
        session = open_session(home or stack.enter_context(throwaway_home(keep=keep)))
        chosen = session.course.labs if everything else labs_before(session.course, *map(session.lab, labs))
        demand_client()
        facts = find_engine(engine)
        obtain(facts, chosen, offline=offline, agreed=agreed or offline)
        ledger = Ledger(default_ledger(), Engine(facts.endpoint))
        stack.enter_context(ledger.held())
        place = str(session.home.path)
        notes = tuple(sweep_leftovers(ledger, place))
        refuse_strangers(ledger, chosen, place)
        head = Report(facts, (), stand_ins_of(ledger.engine, chosen), notes=notes)
        teller = _Teller(quiet=as_json)
        teller.say(report_head(head, teller.screen))
        if not keep:
            stack.callback(sweep, ledger, place)
        sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="labrunner-scope-")))
        run: Run | NotebookRun
        if host is None:
            run = _through_notebooks(session, stack.enter_context(_kernel(session.home, facts, sockets)), teller)
        else:
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


def _kernel(home: Home, facts: EngineFacts, sockets: Path) -> AbstractContextManager[NotebookClient]:
    """A kernel that the notebooks are run in; ToolError where Jupyter is not installed."""
    try:
        from labrunner.jupyter.execute import kernel  # noqa: PLC0415 - an extra, which takes long to import
    except ImportError as error:
        raise ToolError(
            f"the notebooks were to be run, and a part of Jupyter is not installed ({error.name})",
            next="pip install 'labrunner[jupyter]'",
        ) from error
    return kernel(home, facts.endpoint, sockets)


def _through_notebooks(session: Session, client: NotebookClient, teller: _Teller) -> NotebookRun:
    from labrunner.jupyter.execute import NotebookRun  # noqa: PLC0415 - as above

    return NotebookRun(session.course, session.home, client, teller.beginning, teller.ended)


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
