"""Do every step of some labs as a learner would, and verify each: what ``labrunner run`` is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TextIO

from labrunner.content.substitute import with_placeholders, with_variables
from labrunner.engine.engine import Engine
from labrunner.model.errors import ToolError
from labrunner.model.lab import Action, Course, Lab, Step
from labrunner.model.verdict import CheckResult, LabReport, State, StepReport, Verdict
from labrunner.proxy.start import Scoped
from labrunner.runner.hands import Hands, asked_for
from labrunner.runner.home import Home, surroundings
from labrunner.runner.terminal import Terminal
from labrunner.verify.process import CheckHost
from labrunner.verify.verifier import verify


@dataclass(frozen=True)
class Run:
    """One run: the course, where it happens, and whom it tells of each step (before it, and after it).

    ``terminals`` gives a lab's terminal by its name, by default one of the run's own; ``telling`` is told of each
    action before it is done, and ``screen`` shows what the terminals show.
    """

    course: Course
    home: Home
    engine: Engine
    scope: Scoped
    host: CheckHost
    beginning: Callable[[Lab, Step], None]
    ended: Callable[[Lab, StepReport], None] = lambda _lab, _report: None
    terminals: Callable[[Lab, str], Terminal] | None = None
    telling: Callable[[Action], None] = lambda _: None
    screen: TextIO | None = None

    def labs(self, asked: Iterable[Lab]) -> Iterator[LabReport]:
        """Run each lab and give its report."""
        for lab in asked:
            yield self._lab(lab)

    def _lab(self, lab: Lab) -> LabReport:
        self.home.start(self.course, lab, {})
        reports: list[StepReport] = []
        with self.hands(lab) as hands:
            for step in hands.lab.steps:
                self.beginning(hands.lab, step)
                reports.append(self.step(step, hands))
                self.ended(hands.lab, reports[-1])
        return LabReport(lab.name, lab.title, tuple(reports))

    def hands(self, lab: Lab) -> Hands:
        """Hands for a lab that has been started, whose variables are in force."""
        chosen = with_variables(lab, self.home.journal.progress().of_lab(lab))
        terminals = self.terminals
        return Hands(
            self.home,
            chosen,
            self.engine,
            self.scope.host(lab.name),
            opened=None if terminals is None else partial(terminals, chosen),
            telling=self.telling,
            screen=self.screen,
        )

    def step(self, step: Step, hands: Hands) -> StepReport:
        """Do a step of the hands' lab, if what it needs is there, and verify it."""
        began = time.monotonic()
        progress = self.home.journal.progress()
        filled = with_placeholders(hands.lab, step, progress.recorded())
        output = ""
        ready = all(need in progress.passed for need in step.needs)
        try:
            if ready:
                output = hands.do(filled)
            answer = asked_for(filled, output)
            answers = {} if answer is None else {str(step.ref): answer}
            (report,) = self.look([step], answers, just_done=ready)
        except ToolError as error:
            report = broken(step, error)
        return replace(report, seconds=round(time.monotonic() - began, 3))

    def look(
        self, steps: Iterable[Step], answers: Mapping[str, str] | None = None, *, just_done: bool = False
    ) -> tuple[StepReport, ...]:
        """The verdicts on some steps as of now, which the journal records; ``just_done`` is as ``verify`` has it."""
        around = surroundings(self.course, self.home, self.engine.host, answers)
        progress = self.home.journal.progress()
        found = verify(self.course, progress, steps, self.host, around, just_done=just_done)
        self.home.journal.judged(found.reports, found.passings)
        return found.reports


def broken(step: Step, error: ToolError) -> StepReport:
    """The report on a step during which the tool or the engine broke."""
    result = CheckResult(step.ref, "", step.title, Verdict.ERRORED, error.says, error.next)
    return StepReport(step.ref, step.number, step.title, Verdict.ERRORED, State.OPEN, (result,))
