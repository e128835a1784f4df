"""What the launcher shows of the labs, and what has to be there before a lab can be opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labrunner.content.substitute import with_variables
from labrunner.engine.find import find_engine
from labrunner.jupyter.writing import write_notebook
from labrunner.model.errors import UsageError
from labrunner.runner.home import Home
from labrunner.runner.session import open_session


@dataclass(frozen=True)
class Opened:
    """A lab that can be done in this home.

    ``notebook`` is its path below the server's root, ``aside`` the name that one from an older text has now.
    """

    home: Home
    lab: str
    notebook: str
    aside: str | None


def labs() -> list[dict[str, Any]]:
    """Each lab, how many steps it has, and how many of them the learner has passed."""
    session = open_session(None)
    passed = session.progress.passed
    return [
        {
            "lab": lab.name,
            "title": lab.title,
            "minutes": lab.minutes,
            "steps": len(lab.steps),
            "passed": sum(step.ref in passed for step in lab.steps),
        }
        for lab in session.course.labs
    ]


def open_lab(name: str, root: Path) -> Opened:
    """Make or resume the lab and its notebook in the learner's home, which has to be below ``root``: no more is shown.

    Nothing is made where there is no such lab, where the home is elsewhere, or where no engine answers.
    """
    session = open_session(None)
    lab, home = session.lab(name), session.home
    below = _below(home, root)
    find_engine("auto")
    done = write_notebook(home.folder(name), with_variables(lab, home.start(session.course, lab, {})))
    notebook = below / name / done.path.name
    return Opened(home, name, str(notebook), None if done.aside is None else done.aside.name)


def _below(home: Home, root: Path) -> Path:
    """The home's path within the server's root."""
    place, top = home.path.resolve(), root.expanduser().resolve()
    if not place.is_relative_to(top):
        raise UsageError(
            f"the notebook was to be opened from your home for the labs, {place}, and JupyterLab shows only what is"
            f" below {top}",
            next=f"jupyter lab --ServerApp.root_dir={place.parent}",
        )
    return place.relative_to(top)
