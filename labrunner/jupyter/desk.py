"""Where a notebook works: one home, one lab, and the environment that its cells have. It knows nothing of IPython."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.content.substitute import with_variables
from labrunner.engine.find import find_engine
from labrunner.engine.ledger import default_ledger
from labrunner.jupyter.export import fingerprint
from labrunner.model.errors import ToolError
from labrunner.model.lab import Course, Lab, Step
from labrunner.model.verdict import EngineFacts
from labrunner.runner.home import Home, home_folder
from labrunner.runner.keeping import Keeping
from labrunner.runner.lab_shell import UNSCOPED, LabTerminals, lab_environ, without_docker
from labrunner.runner.session import Session
from labrunner.verify.process import CheckHost


@dataclass
class Desk:
    """One kernel's place to work. ``outside`` is the environment that the kernel was started with."""

    course: Course
    lab: Lab
    home: Home
    facts: EngineFacts
    outside: Mapping[str, str]
    checks: CheckHost
    _entered: bool = field(default=False, init=False)

    @property
    def folder(self) -> Path:
        """The lab's folder."""
        return self.home.folder(self.lab.name)

    def session(self) -> Session:
        """Where the learner stands now, in this notebook's lab; ToolError where its folder has gone."""
        if not self.folder.is_dir():
            raise ToolError(
                f"this notebook works in {self.folder}, and that folder is gone",
                next=f"labrunner start {self.lab.name}",
            )
        return Session(self.course, self.home, replace(self.home.journal.progress(), current=self.lab.name))

    def step(self, asked: str | None) -> Step:
        """The step of this notebook's lab that is meant, the open one when left out."""
        session = self.session()
        return session.open_step() if asked is None else session.step(asked)

    def enter(self) -> str | None:
        """Give this process the lab's folder and environment, with a keeper that runs.

        What there is to say of it: that the terminals of an earlier keeper have ended, or that there is no scope.
        """
        self.session()
        keeping = Keeping(self.home.path)
        lost = self._entered and not keeping.runs
        environ = lab_environ(self.home, self.facts.endpoint, self.facts.endpoint, self.outside)
        said = None
        if shutil.which("docker", path=environ["PATH"]) is None:
            environ = without_docker(self.home, self.facts, environ)
            said = None if self._entered else f"there is no docker command here, so {UNSCOPED}"
        else:
            scope = keeping.scope(self.facts.endpoint, default_ledger(), [lab.name for lab in self.course.labs])
            environ = {**environ, "DOCKER_HOST": scope.host(self.lab.name)}
        os.environ.update(environ)
        os.chdir(self.folder)
        self._entered = True
        return "the lab's terminals had ended, with what ran in them; they are opened anew" if lost else said

    def terminals(self) -> LabTerminals:
        """The lab's kept terminals, whose environment is this process's, as ``enter`` has made it."""
        return LabTerminals(self.home, self.lab.name, os.environ)


def open_desk(name: str, wanted: Mapping[str, str], home: str | None, engine: str, outside: Mapping[str, str]) -> Desk:
    """Start or resume a lab, with the values ``wanted`` for its variables, and sit down at it."""
    checks = CheckHost(course_folder("checks"))  # first, since it takes longest, and on another core
    try:
        course = load_course(course_folder("labs"))
        place = Home(home_folder(home or _home_around(Path.cwd())))
        lab = Session(course, place, place.journal.progress()).lab(name)
        facts = find_engine(engine, outside)
        place.start(course, lab, wanted)
    except BaseException:
        checks.close()
        raise
    return Desk(course, lab, place, facts, outside, checks)


def is_stale(desk: Desk, text: str) -> bool:
    """Whether a notebook was made from another text than the lab's, be it with its own values or this home's."""
    here = with_variables(desk.lab, desk.home.journal.progress().of_lab(desk.lab))
    return text not in {fingerprint(desk.lab), fingerprint(here)}


def _home_around(folder: Path) -> str | None:
    """The home in one of whose labs' folders the notebook lies."""
    return str(folder.parent) if (folder.parent / "journal.jsonl").exists() else None
