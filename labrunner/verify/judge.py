"""From what the checks saw and what the journal recorded to the verdict on each step: pure, no engine, no files.

A step that has passed is an event; whether its outcome holds is judged live until the step named by its ``until`` has
passed, which ends it as planned. ``needs`` are judged live too, so BLOCKED is never out of date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from labrunner.model.lab import Course, Step, StepRef
from labrunner.model.progress import Progress
from labrunner.model.verdict import CheckResult, State, StepReport, Verdict, worst

Live = Mapping[StepRef, tuple[CheckResult, ...]]


def steps_to_run(course: Course, progress: Progress, asked: Iterable[Step]) -> tuple[Step, ...]:
    """The steps whose checks must run to judge ``asked``: themselves, their needs, and what may have ended them."""
    wanted: set[StepRef] = set()
    queue = [step for step in asked if not progress.ended(step)]
    while queue:
        step = queue.pop()
        if step.ref in wanted:
            continue
        wanted.add(step.ref)
        needs = [course.step(need) for need in step.needs]
        queue += [need for need in needs if not progress.ended(need) and not _ends_here(need, step, progress)]
        if step.ref in progress.passed and step.until is not None and step.until != step.ref:
            ending = course.step(step.until)
            if ending.ask is None:
                queue.append(ending)
    return tuple(step for step in course.steps if step.ref in wanted)


def _ends_here(need: Step, step: Step, progress: Progress) -> bool:
    """Whether a need that has passed is meant to end with the very step that needs it."""
    return need.ref in progress.passed and need.until == step.ref


def passes(live: Live, step: Step) -> bool:
    """Whether all of a step's checks were run, and passed."""
    results = live.get(step.ref, ())
    return bool(results) and worst(result.verdict for result in results) is Verdict.PASSED


@dataclass(frozen=True)
class Judge:
    """Judges steps over one set of live results."""

    course: Course
    progress: Progress
    live: Live

    def report(self, step: Step) -> StepReport:
        """The verdict on one step."""
        if self.progress.ended(step):
            passing = self.progress.passed[step.ref]
            return self._report(step, State.ENDED, passing.checks)
        results = self.live.get(step.ref, ())
        if not results:
            return self._report(step, State.OPEN, (_no_check(step),))
        if missing := self._missing(step):
            if step.ref in self.progress.passed and passes(self.live, step):
                return self._report(step, State.HOLDS, results)
            return self._report(step, self._failed_state(step), tuple(_blocked(result, missing) for result in results))
        if worst(result.verdict for result in results) is Verdict.PASSED:
            return self._report(step, State.HOLDS, results)
        if step.ref in self.progress.passed and self._until_passes(step):
            return self._report(step, State.ENDED, self.progress.passed[step.ref].checks)
        return self._report(step, self._failed_state(step), results)

    def _failed_state(self, step: Step) -> State:
        return State.BROKEN if step.ref in self.progress.passed else State.OPEN

    def _missing(self, step: Step) -> Step | None:
        """The first need that is neither fulfilled nor ended as planned."""
        return next((need for need in map(self.course.step, step.needs) if not self._fulfilled(need, step)), None)

    def _fulfilled(self, need: Step, step: Step) -> bool:
        if self.progress.ended(need) or _ends_here(need, step, self.progress):
            return True
        errored = any(result.verdict is Verdict.ERRORED for result in self.live.get(need.ref, ()))
        if errored and self._missing(need) is None:
            return True  # the tool broke, and the step's own checks say so: never "you are not done yet"
        if need.ref in self.progress.passed:
            return passes(self.live, need) or self._until_passes(need)
        return passes(self.live, need) and self._missing(need) is None

    def _until_passes(self, step: Step) -> bool:
        """Whether the step that ends this one passes now, and is one that the learner has come to.

        An engine on which everything has stopped looks like the end of the last lab, in the middle of the course.
        """
        if step.until is None or step.until == step.ref:
            return False
        ending = self.course.step(step.until)
        return all(need in self.progress.passed for need in ending.needs) and passes(self.live, ending)

    @staticmethod
    def _report(step: Step, state: State, checks: tuple[CheckResult, ...]) -> StepReport:
        return StepReport(
            step=step.ref,
            number=step.number,
            title=step.title,
            verdict=worst(check.verdict for check in checks),
            state=state,
            checks=checks,
            seconds=0.0 if state is State.ENDED else round(sum(check.seconds for check in checks), 3),
        )


def _blocked(result: CheckResult, missing: Step) -> CheckResult:
    return replace(
        result,
        verdict=Verdict.BLOCKED,
        reason=f"{missing.ref} comes first, and it is not done or no longer holds: {missing.title}",
        next=f"labrunner check {missing.ref}",
    )


def _no_check(step: Step) -> CheckResult:
    return CheckResult(
        step=step.ref,
        check="",
        says=step.title,
        verdict=Verdict.ERRORED,
        reason=f"no check was collected for {step.ref}",
        next="pip install --force-reinstall labrunner",
    )
