"""Do every step of some labs as a learner would, and verify each: what ``labrunner run`` is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from labrunner.content.substitute import with_placeholders, with_variables
from labrunner.engine.engine import Engine
from labrunner.model.errors import ToolError
from labrunner.model.lab import Course, Lab, Step
from labrunner.model.progress import Progress
from labrunner.model.verdict import CheckResult, LabReport, State, StepReport, Verdict
from labrunner.proxy.start import Scoped
from labrunner.runner.hands import Hands, asked_for
from labrunner.runner.home import Home, surroundings
from labrunner.verify.process import CheckHost
from labrunner.verify.verifier import verify


@dataclass(frozen=True)
class Run:
    """One run: the course, where it happens, and whom it tells of each step (before it, and after it)."""

    course: Course
    home: Home
    engine: Engine
    scope: Scoped
    host: CheckHost
    beginning: Callable[[Lab, Step], None]
    ended: Callable[[Lab, StepReport], None]

    def labs(self, asked: Iterable[Lab]) -> Iterator[LabReport]:
        """Run each lab and give its report."""
        for lab in asked:
            yield self._lab(lab)

    def _lab(self, lab: Lab) -> LabReport:
        variables = self.home.start(self.course, lab, {})
        chosen = with_variables(lab, variables)
        reports: list[StepReport] = []
        with Hands(self.home, chosen, self.engine, self.scope.host(lab.name)) as hands:
            for step in chosen.steps:
                self.beginning(chosen, step)
                reports.append(self._step(chosen, step, hands))
                self.ended(chosen, reports[-1])
        return LabReport(lab.name, lab.title, tuple(reports))

    def _step(self, lab: Lab, step: Step, hands: Hands) -> StepReport:
        began = time.monotonic()
        progress = self.home.journal.progress()
        filled = with_placeholders(lab, step, progress.recorded())
        output = ""
        try:
            if all(need in progress.passed for need in step.needs):
                output = hands.do(filled)
            report = self._verified(progress, step, asked_for(filled, output))
        except ToolError as error:
            report = broken(step, error)
        return replace(report, seconds=round(time.monotonic() - began, 3))

    def _verified(self, progress: Progress, step: Step, answer: str | None) -> StepReport:
        found = verify(
            self.course,
            progress,
            [step],
            self.host,
            surroundings(self.course, self.home, self.engine.host),
            answers={} if answer is None else {str(step.ref): answer},
        )
        self.home.journal.judged(found.reports, found.passings)
        return found.reports[0]


def broken(step: Step, error: ToolError) -> StepReport:
    """The report on a step during which the tool or the engine broke."""
    result = CheckResult(step.ref, "", step.title, Verdict.ERRORED, error.says, error.next)
    return StepReport(step.ref, step.number, step.title, Verdict.ERRORED, State.OPEN, (result,))
