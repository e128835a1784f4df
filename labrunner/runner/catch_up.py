"""Bring about what comes before a step, across labs: what ``labrunner goto`` is.

The engine is looked at first, all steps in one request. What holds already is left alone; whatever else is done as a
learner would, in order, and verified. Once something has been done anew, what stands on it is looked at again.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from labrunner.engine.engine import Engine
from labrunner.engine.ledger import Ledger
from labrunner.engine.objects import Container
from labrunner.engine.references import familiar
from labrunner.engine.registry import Registry
from labrunner.model.errors import ToolError
from labrunner.model.lab import Command, Course, Lab, Step, StepRef
from labrunner.model.progress import Progress
from labrunner.model.verdict import State, StepReport, Verdict
from labrunner.runner.course_run import Run
from labrunner.runner.hands import Hands, names_given, values_of
from labrunner.runner.home import Home


def labs_before(course: Course, *labs: Lab) -> tuple[Lab, ...]:
    """The labs and those that they need, directly or not, in the course's order."""
    wanted = {lab.name for lab in labs}
    while more := {need for name in wanted for need in course.lab(name).needs} - wanted:
        wanted |= more
    return tuple(each for each in course.labs if each.name in wanted)


def steps_before(course: Course, step: Step) -> tuple[Step, ...]:
    """Every earlier step of its lab and of each lab that the lab needs."""
    labs = labs_before(course, course.lab(step.ref.lab))
    return tuple(
        each for lab in labs for each in lab.steps if each.ref.lab != step.ref.lab or each.number < step.number
    )


def holding_at(course: Course, step: Step) -> frozenset[StepRef]:
    """The steps before ``step`` whose outcome has to hold there, since only it or a later one ends them."""
    places = {each.ref: place for place, each in enumerate(course.steps)}
    before = steps_before(course, step)
    return frozenset(each.ref for each in before if each.until and places[each.until] >= places[step.ref])


def opened_again(course: Course, progress: Progress, step: Step) -> tuple[StepRef, ...]:
    """The steps that have passed and are open again once one has gone back to ``step``.

    That is the step itself, the later ones of its lab, what builds on one of these, and what has ended a step that has
    to hold again.
    """
    late = {course.step(each).until for each in holding_at(course, step)}
    late |= {each.ref for each in course.lab(step.ref.lab).steps if each.number >= step.number}
    for each in course.steps:
        if late & set(each.needs):
            late.add(each.ref)
    return tuple(each.ref for each in course.steps if each.ref in late and each.ref in progress.passed)


@dataclass(frozen=True)
class CatchingUp:
    """Brings about steps in the manner of ``run``, in the home and on the engine of that run.

    ``asking`` says whether those that ask something are done too, which no other step needs.
    """

    run: Run
    ledger: Ledger
    asking: bool = True

    def to(self, step: Step) -> Iterator[StepReport]:
        """Do what comes before the step; the report on each step, in order. It ends with the first that fails."""
        course, journal = self.run.course, self.run.home.journal
        if again := opened_again(course, journal.progress(), step):
            journal.reset(again)
        wanted = tuple(each for each in steps_before(course, step) if self.asking or each.ask is None)
        needed = holding_at(course, step)
        for lab in labs_before(course, course.lab(step.ref.lab)):
            self.run.home.start(course, lab, {})
        holding = {report.step: report for report in self.run.look(wanted)}
        changed = False
        for lab in labs_before(course, course.lab(step.ref.lab)):
            with self.run.hands(lab) as hands:
                for each in (each for each in wanted if each.ref.lab == lab.name):
                    report = holding[each.ref]
                    if changed and report.verdict is Verdict.PASSED:
                        (report,) = self.run.look((each,))
                    lost = report.state is State.ENDED and each.ref in needed
                    if report.verdict is not Verdict.PASSED or lost or _is_login_elsewhere(hands, each):
                        changed = True
                        report = self._done(hands, each)
                    yield report
                    if report.verdict is not Verdict.PASSED:
                        return

    def _done(self, hands: Hands, step: Step) -> StepReport:
        self.run.beginning(hands.lab, step)
        clear_way(hands, step, self.ledger)
        return self.run.step(hands.lab.steps[step.number - 1], hands)


def _is_login_elsewhere(hands: Hands, step: Step) -> bool:
    """Whether the step logs in at the lab's own registry, and the learner did so where the labs' terminals do not look.

    That is a shell of the learner's own, whose docker keeps its logins elsewhere.
    """
    logs_in = any(isinstance(action, Command) and action.secret in hands.secrets for action in step.actions)
    registry = hands.lab.variables.get("registry", "")
    return logs_in and Registry(registry, "", None).local and not hands.home.knows_login(registry)


def clear_way(hands: Hands, step: Step, ledger: Ledger) -> tuple[str, ...]:
    """Remove what an earlier try of the step has left: a container with its name, or on its port; their names.

    Raises ToolError where one is somebody else's, and where a name that the step gives to an image is.
    """
    engine, own = ledger.engine, own_containers(hands.home, ledger)
    lines = [action.line for action in hands.lab.steps[step.number - 1].actions if isinstance(action, Command)]
    _demand_image_names(ledger, hands, lines)
    found = {container.id: container for line in lines for container in _in_the_way(engine, line)}
    for container in found.values():
        if container.id not in own:
            raise ToolError(
                f"{step.ref} needs the name or the port of the container {container.name}"
                f" ({container.short}, {container.image}), which was not made in this home; if you need it no more,"
                " remove it",
                next=f"docker container rm --force {container.name}",
            )
    for container in found.values():
        engine.remove_container(container.id)
    return tuple(container.name for container in found.values())


def _demand_image_names(ledger: Ledger, hands: Hands, lines: Iterable[str]) -> None:
    """ToolError where an image has a name that a command gives, and not from the labs' terminals."""
    own = ledger.own(str(hands.home.path))
    for name in names_given(lines):
        image = ledger.engine.image(name)
        if image is not None and not own.reference(familiar(name), image.id):
            raise ToolError(
                f"the image {image.id[7:19]} has the name {name}, and was not given it in the labs' terminals; go on in"
                " the shell where you did that, or take the name away first",
                next=f"docker image rm {name}",
            )


def own_containers(home: Home, ledger: Ledger) -> frozenset[str]:
    """The IDs of the containers that this home has made: the ledger's, and those that a passed step was about."""
    return frozenset(made.name for made in ledger.made()) | home.journal.progress().containers


def _in_the_way(engine: Engine, line: str) -> Iterator[Container]:
    """The containers that have the name, or a port of the host, that a command line asks for."""
    words = shlex.split(line)
    names = values_of(words, {"--name"})
    ports = {int(value.partition(":")[0]) for value in values_of(words, {"-p", "--publish"}) if ":" in value}
    for container in engine.containers() if names or ports else ():
        if container.name in names or (container.running and any(port.host in ports for port in container.ports)):
            yield container
