"""Where cases are tried: one home and one engine, brought to the state before a step again and again.

After a case the home's files are put back, what it made is removed, what it stopped or renamed is as it was. What still
does not hold is done anew, as ``goto`` does it; and where the checks then see another state than at first, everything.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from labrunner.authoring.proving.case import TERMINAL
from labrunner.authoring.proving.kept import Kept
from labrunner.authoring.proving.terminals import Terminals
from labrunner.engine.engine import Engine
from labrunner.engine.ledger import Ledger, Made
from labrunner.engine.objects import Container
from labrunner.model.lab import Lab, Step
from labrunner.model.verdict import StepReport, Verdict
from labrunner.runner.catch_up import CatchingUp
from labrunner.runner.course_run import Run

#: In the home: who holds it, and the scope's and the clients' own.
_NOT_PUT_BACK = frozenset({".lock"})


@dataclass(frozen=True)
class Place:
    """A state to come back to: a copy of the home's files, what the labs had made, and how the containers were."""

    files: Path
    made: frozenset[Made]
    containers: tuple[Container, ...]


@dataclass(frozen=True)
class Bench:
    """``aside`` is a folder for the copies of the home."""

    run: Run
    ledger: Ledger
    kept: Kept
    terminals: Terminals
    aside: Path

    @property
    def engine(self) -> Engine:
        """The engine itself, without the scope."""
        return self.ledger.engine

    @property
    def home(self) -> Path:
        """The folder of the home."""
        return self.run.home.path

    def come_to(self, step: Step) -> StepReport | None:
        """Do what comes before the step and does not hold; the report on a step that did not pass."""
        self.run.home.start(self.run.course, self.run.course.lab(step.ref.lab), {})
        reports = (*CatchingUp(self.run, self.ledger, asking=False).to(step),)
        return next((report for report in reports if report.verdict is not Verdict.PASSED), None)

    def anew(self, lab: Lab | None = None) -> None:
        """Nothing of a lab in the home and on the engine, or nothing at all."""
        self.terminals.close()
        self.ledger.sweep(str(self.home), None if lab is None else lab.name)
        if lab is None:
            _put_back(self.home, None)
        else:
            self.run.home.journal.reset(step.ref for step in lab.steps)
            shutil.rmtree(self.run.home.folder(lab.name), ignore_errors=True)
        self.kept.bring_back()

    def mark(self) -> Place:
        """The state as of now."""
        shutil.rmtree(self.aside, ignore_errors=True)
        shutil.copytree(self.home, self.aside, ignore=lambda _, names: _NOT_PUT_BACK & {*names})
        made = self.ledger.made(str(self.home))
        identities = [each.name for each in made if each.kind == "container"]
        found = (self.engine.container(identity) for identity in identities)
        return Place(self.aside, frozenset(made), tuple(each for each in found if each is not None))

    def back_to(self, place: Place) -> None:
        """Undo what a case has done, as far as it can be undone without doing a step anew."""
        self.terminals.close(TERMINAL)
        self.ledger.sweep(str(self.home), spare=place.made)
        self.kept.bring_back()
        _put_back(self.home, place.files)
        self._name_again(made for made in place.made if made.is_reference)
        for container in place.containers:
            self._put_right(container)

    def _name_again(self, references: Iterable[Made]) -> None:
        """Give the labs' images the names that they had, where they are still there."""
        for made in references:
            named = self.engine.image(made.name)
            if (
                (named is None or named.id != made.of)
                and self.engine.image(made.of) is not None
                and "@" not in made.name
            ):
                repo, _, tag = made.name.rpartition(":")
                self.engine.api.json("POST", f"/images/{made.of}/tag", repo=repo, tag=tag)
                self.ledger.add(made)

    def _put_right(self, before: Container) -> None:
        """Let a container run, be paused and be named as before. One of a terminal is started in that terminal only."""
        now = self.engine.container(before.id)
        if now is None:
            return
        if before.tty and now.started != before.started:  # its terminal has let go of it, which no check can see
            self.engine.remove_container(before.id)
            return
        if now.name != before.name:
            self.engine.api.json("POST", f"/containers/{before.id}/rename", name=before.name)
        if now.status == "paused" and before.status != "paused":
            self.engine.api.json("POST", f"/containers/{before.id}/unpause")
        if before.running and not now.running and not before.tty:
            self.engine.api.json("POST", f"/containers/{before.id}/start")
        if now.running and not before.running:
            self.engine.api.json("POST", f"/containers/{before.id}/stop", t="0")


def _put_back(folder: Path, copy: Path | None) -> None:
    """Make a folder like its copy, or empty. What is the same stays, since containers may have it mounted."""
    kept = {path.relative_to(copy) for path in copy.rglob("*")} if copy else set()
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder)
        if name in kept or name.parts[0] in _NOT_PUT_BACK:
            continue
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
    for name in sorted(kept):
        source, target = Path(copy or folder, name), folder / name
        if source.is_dir():
            target.mkdir(exist_ok=True)
        elif not target.exists() or source.read_bytes() != target.read_bytes():
            shutil.copy2(source, target)
