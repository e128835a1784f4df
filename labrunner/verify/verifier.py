"""Verify steps: ask the check host what it must be asked, judge, and say what is to be recorded."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from labrunner.model.lab import Course, Step, StepRef
from labrunner.model.progress import Passing, Progress
from labrunner.model.verdict import CheckResult, State, StepReport, Verdict
from labrunner.verify.judge import Judge, Live, passes, steps_to_run
from labrunner.verify.process import CheckHost
from labrunner.verify.request import CheckRequest


@dataclass(frozen=True)
class Surroundings:
    """What the checks may know: the folder of each lab in the learner's home, its secrets by name, and the answers.

    ``answers`` are the learner's, by ``lab/step``; ``switched_off`` is as CheckRequest has it.
    """

    endpoint: str
    folders: Mapping[str, str]
    secrets: Mapping[str, Mapping[str, str]]
    answers: Mapping[str, str] = field(default_factory=dict)
    switched_off: str = ""


@dataclass(frozen=True)
class Verification:
    """The reports on the asked-for steps, in order, and every passing that is new or has new evidence."""

    reports: tuple[StepReport, ...]
    passings: Mapping[StepRef, tuple[CheckResult, ...]]


def verify(
    course: Course,
    progress: Progress,
    asked: Iterable[Step],
    host: CheckHost,
    surroundings: Surroundings,
    *,
    just_done: bool = False,
) -> Verification:
    """Judge ``asked`` as of now.

    ``just_done`` is for who has done the steps this moment, having seen that what they build on had passed: where they
    pass, it is not looked at again.
    """
    began = time.monotonic()
    steps = tuple(asked)
    run = steps_to_run(course, progress, steps)

    def look(wanted: tuple[Step, ...]) -> Live:
        return host.run(_request(course, progress, wanted, surroundings)) if wanted else {}

    live = look(tuple(step for step in run if step in steps)) if just_done else {}
    if just_done and all(passes(live, step) for step in steps):
        live = {**{need: progress.passed[need].checks for step in steps for need in step.needs}, **live}
    else:
        live = look(run)
    judge = Judge(course, progress, live)
    passings: dict[StepRef, tuple[CheckResult, ...]] = {}
    for step in _with_needs(course, steps):
        report = judge.report(step)
        if (
            step in run
            and report.verdict is Verdict.PASSED
            and report.state is State.HOLDS
            and _is_new(progress, report)
        ):
            passings[step.ref] = report.checks
    now = replace(
        progress, passed={**progress.passed, **{ref: Passing("", checks) for ref, checks in passings.items()}}
    )
    final = Judge(course, now, live)
    reports = tuple(_as_of_now(final, judge, step) for step in steps)
    took = round(time.monotonic() - began, 3)
    if len(reports) == 1:
        reports = (replace(reports[0], seconds=took),)
    return Verification(reports, passings)


def _with_needs(course: Course, asked: Iterable[Step]) -> tuple[Step, ...]:
    """The asked steps and all that they build on: what a passing is recorded of.

    A step that is judged only because it may have ended another one has not been asked about: a container that died
    is not yet one that the learner has stopped, and recording so would end its step for good.
    """
    wanted: set[StepRef] = set()
    queue = [step.ref for step in asked]
    while queue:
        ref = queue.pop()
        if ref not in wanted:
            wanted.add(ref)
            queue += course.step(ref).needs
    return tuple(step for step in course.steps if step.ref in wanted)


def _as_of_now(final: Judge, judge: Judge, step: Step) -> StepReport:
    """The report after what this very run has recorded: an ending that passed just now ends its steps."""
    report = final.report(step)
    if step.ref in judge.progress.passed or report.state is not State.ENDED:
        return report
    return judge.report(step)


def _is_new(progress: Progress, report: StepReport) -> bool:
    before = progress.passed.get(report.step)
    if before is None:
        return True
    return [check.evidence for check in before.checks] != [check.evidence for check in report.checks]


def _request(course: Course, progress: Progress, run: tuple[Step, ...], surroundings: Surroundings) -> CheckRequest:
    labs = [lab for lab in course.labs if any(step.ref.lab == lab.name for step in run)]
    return CheckRequest(
        files=tuple(f"test_{lab.number:02}_{lab.name.replace('-', '_')}.py" for lab in labs),
        steps=tuple(str(step.ref) for step in run),
        endpoint=surroundings.endpoint,
        variables={lab.name: progress.of_lab(lab) for lab in labs},
        folders=surroundings.folders,
        secrets=surroundings.secrets,
        recorded=progress.recorded(),
        answers=surroundings.answers,
        switched_off=surroundings.switched_off,
    )
