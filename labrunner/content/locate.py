"""Find the course's own files, in a wheel and in an editable install alike."""

from __future__ import annotations

from pathlib import Path

from labrunner.model.errors import ToolError

_PACKAGE = Path(__file__).resolve().parent.parent


def course_folder(name: str) -> Path:
    """The folder ``labs``, ``checks`` or ``images``.

    A wheel carries them inside the package, as ``labrunner/course`` (pyproject.toml, force-include); in a checkout
    they stand beside the package.
    """
    for base in (_PACKAGE / "course", _PACKAGE.parent):
        folder = base / name
        if folder.is_dir():
            return folder
    raise ToolError(
        f"the folder {name} of the course is missing beside {_PACKAGE}", next="pip install --force-reinstall labrunner"
    )
