"""What the launcher shows of the labs, and what has to be there before a lab can be opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.engine.find import find_engine
from labrunner.model.errors import UsageError, unknown
from labrunner.runner.home import Home


def labs(home: Home) -> list[dict[str, Any]]:
    """Each lab, how many steps it has, and how many of them have passed in this home."""
    passed = home.journal.progress().passed
    return [
        {
            "lab": lab.name,
            "title": lab.title,
            "minutes": lab.minutes,
            "steps": len(lab.steps),
            "passed": sum(step.ref in passed for step in lab.steps),
        }
        for lab in load_course(course_folder("labs")).labs
    ]


def open_lab(home: Home, name: str, root: Path) -> str:
    """Make or resume the lab; its notebook's path below ``root``, which is all that the server shows.

    Nothing is made where there is no such lab, where the home is not below ``root``, or where no engine answers.
    """
    course = load_course(course_folder("labs"))
    try:
        lab = course.lab(name)
    except KeyError:
        raise unknown("lab", name, (lab.name for lab in course.labs), next="labrunner list") from None
    below = _below(home, root)
    find_engine("auto")
    home.start(course, lab, {})
    return str(below / name / f"{name}.ipynb")


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
