"""Take a lab back to its start: its terminals end, what it made goes, its files are put back, its steps are open."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from labrunner.engine.ledger import Ledger, Made
from labrunner.engine.objects import Container
from labrunner.model.errors import ToolError
from labrunner.model.lab import Course, Lab
from labrunner.runner.home import Home
from labrunner.runner.keeping import Keeping


@dataclass(frozen=True)
class Reset:
    """What was done: where the learner's own files are now (None where there were none), and what is still in use."""

    lab: str
    aside: Path | None
    kept: tuple[Made, ...]


def reset_lab(course: Course, lab: Lab, home: Home, ledger: Ledger) -> Reset:
    """Reset a lab. What its journal says of it stays in the file, and no longer counts."""
    Keeping(home.path).end(lab.name)
    for container in _made_elsewhere(lab, home, ledger):
        ledger.engine.remove_container(container.id)
    kept = ledger.sweep(str(home.path), lab.name)
    aside = _put_aside(home, lab)
    home.journal.reset(step.ref for step in lab.steps)
    if aside is not None:
        home.restart(course, lab)
        for notebook in aside.glob("*.ipynb"):  # it may be open, and in it the learner asked for this
            shutil.copy2(notebook, home.folder(lab.name))
    return Reset(lab.name, aside, kept)


def _made_elsewhere(lab: Lab, home: Home, ledger: Ledger) -> Iterator[Container]:
    """The containers that the lab's passed steps were about and that the ledger does not know.

    They were made in a shell of the learner's own. One that is older than the lab's start is somebody else's, whatever
    a step took it for.
    """
    progress = home.journal.progress()
    since = progress.started.get(lab.name)
    for step in lab.steps:
        identity = progress.passed[step.ref].evidence.get("container") if step.ref in progress.passed else None
        container = ledger.engine.container(str(identity)) if identity else None
        if container is not None and container.created and since and container.created > datetime.fromisoformat(since):
            yield container


def _put_aside(home: Home, lab: Lab) -> Path | None:
    """Move the lab's folder to ``kept/LAB-TIME`` in the home; None where there is none."""
    folder = home.folder(lab.name)
    if not folder.exists():
        return None
    aside = home.path / "kept" / f"{lab.name}-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    try:
        aside.parent.mkdir(exist_ok=True)
        shutil.move(folder, aside)
    except OSError as error:
        raise ToolError(
            f"the folder {folder} was to be kept as {aside}, and that failed: {error.strerror}",
            next="labrunner doctor",
        ) from error
    return aside
