"""What ``solve``, ``goto`` and ``reset`` work with: the home for themselves, the engine, the lab's kept terminals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TextIO

from labrunner.content.locate import course_folder
from labrunner.engine.engine import Engine
from labrunner.engine.find import demand_client
from labrunner.engine.ledger import Ledger, default_ledger
from labrunner.model.lab import Action, Lab, Step
from labrunner.model.verdict import EngineFacts, StepReport, Verdict
from labrunner.proxy.start import Scoped
from labrunner.runner.catch_up import CatchingUp, clear_way
from labrunner.runner.course_run import Run
from labrunner.runner.keeping import Keeping
from labrunner.runner.lab_shell import LabTerminals, lab_environ
from labrunner.runner.session import Session
from labrunner.runner.terminal import Terminal
from labrunner.verify.process import CheckHost


@dataclass(frozen=True)
class Workplace:
    """One home, held for one command, and the engine that it works on."""

    session: Session
    facts: EngineFacts
    ledger: Ledger

    @cached_property
    def scope(self) -> Scoped:
        """The keeper's scope in front of the engine."""
        labs = [lab.name for lab in self.session.course.labs]
        return Keeping(self.session.home.path).scope(self.facts.endpoint, self.ledger.file, labs)

    def end_all(self) -> None:
        """End the keeper with all terminals, and remove what this home made and no lab claims."""
        Keeping(self.session.home.path).stop()
        self.ledger.sweep(str(self.session.home.path))

    def terminals(self, lab: Lab) -> LabTerminals:
        """The lab's kept terminals."""
        home = self.session.home
        return LabTerminals(home, lab.name, lab_environ(home, self.facts.endpoint, self.scope.host(lab.name)))

    def bring_about(self, step: Step) -> Iterator[StepReport]:
        """Do what comes before a step, across labs; the report on each, in order. It ends with the first that fails."""
        with self.run(beginning=lambda lab, step: self.terminals(lab).demand_for(step)) as run:
            yield from CatchingUp(run, self.ledger).to(step)

    def solve(
        self, step: Step, telling: Callable[[Action], None], say: Callable[[str], None], screen: TextIO
    ) -> StepReport:
        """The verdict on a step, which has been done unless it held already or misses what it builds on.

        ``say`` is told of what was in the way and is removed; the others are as in ``run``.
        """
        with self.run(telling=telling, screen=screen) as run:
            (report,) = run.look((step,))
            if report.verdict in {Verdict.PASSED, Verdict.BLOCKED}:
                return report
            with run.hands(self.session.course.lab(step.ref.lab)) as hands:
                chosen = hands.lab.steps[step.number - 1]
                self.terminals(hands.lab).demand_for(chosen)
                for removed in clear_way(hands, step, self.ledger):
                    say(f"# the container {removed}, from an earlier try of yours, was in the way and is removed")
                return run.step(chosen, hands)

    @contextmanager
    def run(
        self,
        beginning: Callable[[Lab, Step], None] = lambda _lab, _step: None,
        telling: Callable[[Action], None] = lambda _: None,
        screen: TextIO | None = None,
    ) -> Iterator[Run]:
        """Do steps in the kept terminals, and verify them."""

        def opened(lab: Lab, name: str) -> Terminal:
            return self.terminals(lab).open(name)

        demand_client()
        with CheckHost(course_folder("checks")) as host:
            yield Run(
                self.session.course,
                self.session.home,
                self.ledger.engine,
                self.scope,
                host,
                beginning,
                terminals=opened,
                telling=telling,
                screen=screen,
            )


@contextmanager
def workplace(session: Session, facts: EngineFacts, what: str) -> Iterator[Workplace]:
    """Hold the home for the command ``what``."""
    with session.home.held(what):
        yield Workplace(session, facts, Ledger(default_ledger(), Engine(facts.endpoint)))
