"""Find the course's own files, in a wheel and in an editable install alike."""

from __future__ import annotations

import os
import re
from pathlib import Path

from labrunner.model.errors import ToolError, UsageError

#: Names the folder of another course, whose ``labs``, ``checks``, ``images`` and ``docs`` are taken instead.
COURSE = "LABRUNNER_COURSE"
_PACKAGE = Path(__file__).resolve().parent.parent


def course_folder(name: str) -> Path:
    """The folder ``labs``, ``checks``, ``images`` or ``docs``: of the course in LABRUNNER_COURSE, else of labrunner's.

    A wheel carries them inside the package, as ``labrunner/course`` (pyproject.toml, force-include); in a checkout
    they stand beside the package.
    """
    if own := os.environ.get(COURSE):
        folder = Path(own).resolve() / name
        if folder.is_dir():
            return folder
        raise UsageError(f"{COURSE} names {own}, and there is no folder {name} in it", next=f"unset {COURSE}")
    for base in (_PACKAGE / "course", _PACKAGE.parent):
        folder = base / name
        if folder.is_dir():
            return folder
    raise ToolError(
        f"the folder {name} of the course is missing beside {_PACKAGE}", next="pip install --force-reinstall labrunner"
    )


def lab_of(check_file: Path) -> str:
    """The lab that a file of checks is for: ``test_02_nginx_and_mongo.py`` is for ``nginx-and-mongo``."""
    return re.sub(r"^test_\d\d_", "", check_file.stem).replace("_", "-")
