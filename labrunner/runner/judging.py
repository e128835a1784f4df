"""Verify steps for ``check``, ``next`` and the notebooks' ``%check``: find the engine, judge, record the verdict."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from labrunner.content.locate import course_folder
from labrunner.engine.engine import Engine
from labrunner.engine.find import find_engine
from labrunner.model.errors import LabrunnerError, ToolError, UsageError
from labrunner.model.lab import Step
from labrunner.model.verdict import EngineFacts, LabReport, Report
from labrunner.runner.home import surroundings
from labrunner.runner.session import Session, stand_ins_of
from labrunner.verify.process import CheckHost
from labrunner.verify.verifier import verify


@dataclass(frozen=True)
class Judged:
    """A report, and why it could not be recorded in the journal, if it could not."""

    report: Report
    unrecorded: LabrunnerError | None = None


def judge(
    session: Session,
    steps: tuple[Step, ...],
    engine: str | EngineFacts,
    *,
    answers: Mapping[str, str] | None = None,
    host: CheckHost | None = None,
) -> Judged:
    """Verify steps of one lab as of now, on the engine of that kind or on one that has been found already."""
    began = time.monotonic()
    with ExitStack() as stack:
        checks = host or stack.enter_context(CheckHost(course_folder("checks")))
        facts = find_engine(engine) if isinstance(engine, str) else engine
        around = surroundings(session.course, session.home, facts.endpoint, answers)
        found = verify(session.course, session.progress, steps, checks, around)
        unrecorded = None
        if session.home.path.exists() or found.passings:
            try:
                session.home.journal.judged(found.reports, found.passings)
            except ToolError as error:
                unrecorded = error
        lab = session.course.lab(steps[0].ref.lab)
        return Judged(
            Report(
                engine=facts,
                labs=(LabReport(lab.name, lab.title, found.reports),),
                stand_ins=stand_ins_of(Engine(facts.endpoint), (lab,)),
                seconds=round(time.monotonic() - began, 3),
            ),
            unrecorded,
        )


def demand_question(session: Session, steps: tuple[Step, ...], meant: str) -> None:
    """UsageError unless it is one step that is meant, and one that asks something."""
    if len(steps) != 1 or steps[0].ask is None:
        asking = [str(step.ref) for step in session.course.lab(steps[0].ref.lab).steps if step.ask is not None]
        others = ", ".join(asking) or "no step"
        raise UsageError(
            f"an answer was given for {meant}, which asks nothing; what asks is {others}",
            next=f"labrunner check {meant}",
        )
