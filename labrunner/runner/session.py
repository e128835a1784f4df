"""What nearly every command and magic begins with: the course, the learner's home, the lab or step that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.content.substitute import with_placeholders, with_variables
from labrunner.engine.engine import Engine
from labrunner.model.errors import UsageError, unknown
from labrunner.model.lab import Course, Lab, Step
from labrunner.model.progress import Progress, find_step
from labrunner.runner.home import Home, home_folder


@dataclass(frozen=True)
class Session:
    """One command's view of one home."""

    course: Course
    home: Home
    progress: Progress

    @cached_property
    def current(self) -> Lab | None:
        """The lab that was started last."""
        return next((lab for lab in self.course.labs if lab.name == self.progress.current), None)

    def lab(self, name: str) -> Lab:
        """The lab of that name; UsageError with the nearest names where there is none."""
        try:
            return self.course.lab(name)
        except KeyError:
            raise unknown("lab", name, (lab.name for lab in self.course.labs), next="labrunner list") from None

    def open_step(self) -> Step:
        """The open step of the current lab, or its last one where all have passed."""
        lab = self.demand_current("the open step")
        return self.progress.open_step(lab) or lab.steps[-1]

    def step(self, asked: str) -> Step:
        """The step meant by ``step3``, ``mongo`` or either behind ``LAB/``."""
        lab_name, slash, name = asked.rpartition("/")
        lab = self.lab(lab_name) if slash else self.demand_current(asked)
        found = find_step(self.course, lab, asked)
        if found is None:
            known = [word for step in lab.steps for word in (step.name, step.position)]
            raise unknown(f"step of {lab.name}", name, known, next=f"labrunner list {lab.name}")
        return self.course.step(found)

    def here(self, lab: Lab) -> Lab:
        """The lab as it is in this home: with its variables in force."""
        return with_variables(lab, self.progress.of_lab(lab))

    def filled(self, step: Step) -> Step:
        """The step as it is in this home, with what is known of its placeholders."""
        lab = self.here(self.course.lab(step.ref.lab))
        return with_placeholders(lab, lab.steps[step.number - 1], self.progress.recorded())

    def steps(self, asked: str | None) -> tuple[Step, ...]:
        """The steps that a command is about: a lab's, one step, or the open step when left out."""
        if asked is None:
            return (self.open_step(),)
        if any(lab.name == asked for lab in self.course.labs):
            return self.course.lab(asked).steps
        if "/" not in asked and self.current is None:
            return self.lab(asked).steps
        return (self.step(asked),)

    def demand_current(self, asked: str) -> Lab:
        """The current lab, for which something was asked; UsageError where none has been started."""
        if self.current is None:
            raise UsageError(
                f"{asked} was asked for, and no lab has been started in {self.home.path}",
                next=f"labrunner start {self.course.labs[0].name}",
            )
        return self.current


def open_session(home: str | None) -> Session:
    """Load the course, and read where the learner stands."""
    place = Home(home_folder(home))
    return Session(load_course(course_folder("labs")), place, place.journal.progress())


def stand_ins_of(engine: Engine, labs: tuple[Lab, ...]) -> tuple[str, ...]:
    """Those of the labs' images that are stand-ins on this engine."""
    wanted = dict.fromkeys(image for lab in labs for image in lab.images)
    marked = {tag for row in engine.image_rows() for tag in row["RepoTags"] or () if _marks(row) == tag}
    return tuple(image for image in wanted if image in marked)


def _marks(row: object) -> str | None:
    labels = row.get("Labels") if isinstance(row, dict) else None
    return (labels or {}).get("labrunner.stand-in")


def wanted_images(labs: tuple[Lab, ...]) -> tuple[str, ...]:
    """The images that the labs need, each once."""
    return tuple(dict.fromkeys(image for lab in labs for image in lab.images))
