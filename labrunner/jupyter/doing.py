"""``%solve``, ``%goto`` and ``%reset_lab``: what the commands of these names do, told in a cell as it goes."""

from __future__ import annotations

import os
from typing import TextIO

from labrunner.content.explain import load_meanings
from labrunner.content.locate import course_folder
from labrunner.jupyter.desk import Desk
from labrunner.model.errors import ToolError
from labrunner.model.lab import Action, Step
from labrunner.model.verdict import LabReport, Report, StepReport
from labrunner.report.screen import Screen
from labrunner.report.telling import action_text
from labrunner.report.text import step_text
from labrunner.runner.catch_up import labs_before
from labrunner.runner.reset import reset_lab
from labrunner.runner.session import stand_ins_of, wanted_images
from labrunner.runner.workplace import Workplace, workplace

_SCREEN = Screen()


def solve(desk: Desk, step: Step, out: TextIO) -> Report:
    """Do a step before the learner's eyes; its verdict."""
    meanings = load_meanings(course_folder("labs") / "commands.yaml")

    def telling(action: Action) -> None:
        _say(out, action_text(action, meanings, _SCREEN))

    with workplace(desk.session(), desk.facts, "%solve") as place:
        report = place.solve(step, telling, lambda text: _say(out, text), out)
        return _report(place, [report])


def goto(desk: Desk, step: Step, out: TextIO) -> Report:
    """Bring about what comes before a step; the verdicts."""
    with workplace(desk.session(), desk.facts, "%goto") as place:
        report = _bring_about(place, step, out)
    desk.home.start(desk.course, desk.lab, {})  # it is the current lab again, after those that it needs
    return report


def reset(desk: Desk, step: Step | None, out: TextIO) -> Report | None:
    """Take the lab back to its start, or to the start of a step, before which the steps are done again."""
    with workplace(desk.session(), desk.facts, "%reset_lab") as place:
        done = reset_lab(desk.course, desk.lab, desk.home, place.ledger)
        os.chdir(desk.folder)  # it is another folder of this name now
        _say(out, f"{done.lab} is at its start; your files are in {done.aside}")
        for kept in done.kept:
            _say(out, f"still in use, so left: {kept.kind} {kept.name}")
        return _bring_about(place, step, out) if step is not None and step.number > 1 else None


def _bring_about(place: Workplace, step: Step, out: TextIO) -> Report:
    labs = labs_before(place.session.course, place.session.course.lab(step.ref.lab))
    if missing := [image for image in wanted_images(labs) if place.ledger.engine.image(image) is None]:
        raise ToolError(f"the engine lacks {', '.join(missing)}", next="labrunner images prepare, in a terminal")
    reports = []
    for each in place.bring_about(step):
        _say(out, f"{each.step.lab}: {step_text(each, _SCREEN)}")
        reports.append(each)
    return _report(place, reports)


def _report(place: Workplace, reports: list[StepReport]) -> Report:
    course = place.session.course
    labs = [lab for lab in course.labs if any(report.step.lab == lab.name for report in reports)]
    by_lab = tuple(
        LabReport(lab.name, lab.title, tuple(report for report in reports if report.step.lab == lab.name))
        for lab in labs
    )
    return Report(place.facts, by_lab, stand_ins_of(place.ledger.engine, tuple(labs)))


def _say(out: TextIO, text: str) -> None:
    out.write(text + "\n")
    out.flush()
