"""``labrunner lint --prove``: the wiring of a bench in a throwaway home, and what is told on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from labrunner.authoring.finding import Finding
from labrunner.authoring.proving.assertions import HELPERS
from labrunner.authoring.proving.bench import Bench
from labrunner.authoring.proving.kept import Kept
from labrunner.authoring.proving.known import Known
from labrunner.authoring.proving.mutants import Mutants, survivors
from labrunner.authoring.proving.proof import StepProof
from labrunner.authoring.proving.prover import Prover
from labrunner.authoring.proving.terminals import Terminals
from labrunner.authoring.proving.walk import Walk, assertions_in, cases_of
from labrunner.authoring.source import CourseSource
from labrunner.cli.proving_jobs import in_jobs
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
from labrunner.engine.own import demand_own_engines
from labrunner.model.errors import LabrunnerError
from labrunner.model.lab import Lab, Step, StepRef
from labrunner.model.verdict import EngineFacts
from labrunner.proxy.start import start_scope
from labrunner.report.text import engine_line
from labrunner.runner.catch_up import labs_before
from labrunner.runner.course_run import Run
from labrunner.runner.lab_shell import lab_environ
from labrunner.runner.session import Session, open_session, wanted_images
from labrunner.verify.process import CheckHost

#: Seconds that the checks of one request may take: here nobody works beside them, and one that hangs is a finding.
_DEADLINE = 60.0
#: The same with an assertion switched off, which makes some wait for ever.
_MUTANTS_DEADLINE = 30.0
_MUTANTS_HOST = "labrunner.authoring.proving.mutant_host"

#: Hears of each line of the progress.
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Proven:
    """The proofs of all steps up to the end, or up to what broke."""

    steps: tuple[StepProof, ...]
    broken: LabrunnerError | None = None

    def unnoticed(self, source: CourseSource, names: Iterable[str]) -> Iterator[Finding]:
        """A finding for each assertion of these labs, or of all and the helpers, that could be switched off unseen."""
        wanted = {*names}
        assertions = assertions_in(lab for lab in source.labs if not wanted or lab.name in wanted)
        own = (each for each in assertions if not wanted or each.file not in HELPERS)
        return survivors(own, chain.from_iterable(step.checks for step in self.steps))


def prove(source: CourseSource, names: Iterable[str], engine: str, jobs: int, *, offline: bool) -> Proven:
    """Prove the labs of these names, or all, telling of it on standard error; several jobs have an engine each."""
    course = source.course
    labs = tuple(map(course.lab, names)) or course.labs
    steps = tuple(chain.from_iterable(lab.steps for lab in labs))
    found: dict[StepRef, StepProof] = {}
    broken: LabrunnerError | None = None
    with ExitStack() as stack:
        stack.enter_context(terminated_as_interrupted())
        demand_client()
        facts = find_engine(engine)
        click.echo(engine_line(facts), err=True)
        needed = labs_before(course, *labs)
        known = default_ledger().with_name("proof")
        if jobs > 1:
            demand_own_engines(facts)
            obtain(facts, needed, offline=offline, agreed=offline)
            arguments = (str(known), *(lab.name for lab in needed))
            proofs = in_jobs(jobs, facts, wanted_images(needed), (step.ref for step in steps), arguments)
        else:
            walk = stack.enter_context(walking(source, facts, needed, known, _tell, offline=offline))
            proofs = zip((step.ref for step in steps), walk.prove(steps), strict=True)
        try:
            found.update(proofs)  # one after the other, so what is proven before an error is in it
        except LabrunnerError as error:
            broken = error
    return Proven(tuple(found[step.ref] for step in steps if step.ref in found), broken)


@contextmanager
def walking(
    source: CourseSource, facts: EngineFacts, needed: tuple[Lab, ...], known: Path, tell: Tell, *, offline: bool
) -> Iterator[Walk]:
    """What proves steps of the labs ``needed``, in a throwaway home; the engine is then as it was before."""
    with ExitStack() as stack:
        host = stack.enter_context(CheckHost(course_folder("checks"), _DEADLINE))
        other = stack.enter_context(CheckHost(course_folder("checks"), _MUTANTS_DEADLINE, module=_MUTANTS_HOST))
        folder = stack.enter_context(throwaway_home(keep=False))
        session = open_session(folder)
        obtain(facts, needed, offline=offline, agreed=offline)
        ledger = Ledger(default_ledger(), Engine(facts.endpoint))
        stack.enter_context(ledger.held())
        kept = Kept(ledger, wanted_images(needed))
        for note in sweep_leftovers(ledger, folder):
            tell(note)
        refuse_strangers(ledger, needed, folder)
        stack.callback(sweep, ledger, folder)
        stack.callback(_let_go, kept)
        bench = stack.enter_context(_bench(session, facts, ledger, kept, host))
        mutants = Mutants(bench.run, other, assertions_in(source.labs))
        yield _walk(source, facts, bench, mutants, Known(known), tell)


@contextmanager
def _bench(session: Session, facts: EngineFacts, ledger: Ledger, kept: Kept, host: CheckHost) -> Iterator[Bench]:
    home, course = session.home, session.course
    labs = [lab.name for lab in course.labs]
    with (
        TemporaryDirectory(prefix="labrunner-scope-") as sockets,
        start_scope(facts.endpoint, ledger.file, home.path, Path(sockets), labs) as scope,
    ):
        terminals = Terminals(home.folder, lambda lab: lab_environ(home, facts.endpoint, scope.host(lab)))
        run = Run(course, home, ledger.engine, scope, host, lambda _lab, _step: None, terminals=terminals.open)
        try:
            yield Bench(run, ledger, kept, terminals, home.path.with_name("place"))
        finally:
            terminals.close()


def _walk(source: CourseSource, facts: EngineFacts, bench: Bench, mutants: Mutants, known: Known, tell: Tell) -> Walk:
    engine, course = bench.engine, bench.run.course
    images = sorted(f"{name}={image.id}" for name in wanted_images(course.labs) if (image := engine.image(name)))
    return Walk(
        course,
        source.labs,
        Prover(bench, mutants, cases_of, lambda name: tell(f"    {name}")),
        known,
        (facts.kind, facts.version, *images),
        beginning=lambda step: tell(f"{step.ref}"),
        ended=lambda *proven: tell(_sum(*proven)),
    )


def _let_go(kept: Kept) -> None:
    try:
        kept.let_go()
    except LabrunnerError as error:
        click.echo(f"what was kept for the proof could not be removed ({error.says}); the next proof does it", err=True)


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _sum(step: Step, proof: StepProof, known: bool) -> str:  # noqa: FBT001 - a callback's
    misses = sum(len(each.near_misses) for each in proof.checks)
    ways = max((len(each.alternatives) for each in proof.checks), default=0)
    how = "proven before" if known else f"{proof.seconds:.1f} s"
    off = sum(len(each.mutants) for each in proof.checks)
    return (
        f"  {step.name}: near misses refused: {misses}, other ways accepted: {ways}, mutants noticed: {off},"
        f" findings: {len(proof.findings)} ({how})"
    )
