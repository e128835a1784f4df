"""Write a lab's notebook into the learner's folder, and all of them into a folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from labrunner.jupyter.export import KEY, fingerprint, written
from labrunner.model.errors import ToolError
from labrunner.model.lab import Lab


@dataclass(frozen=True)
class Written:
    """Where the notebook is, whether it was there already, and where an older one is kept, if there was one."""

    path: Path
    stayed: bool = False
    aside: Path | None = None


def notebook_path(folder: Path, lab: Lab) -> Path:
    """Where the notebook of a lab lies in the learner's folder of that lab."""
    return folder / f"{lab.name}.ipynb"


def write_notebook(folder: Path, lab: Lab) -> Written:
    """Have the lab's notebook in ``folder``; the lab's variables are in force.

    One that was made from the same text stays, whatever the learner has made of it; another one is kept aside.
    """
    path = notebook_path(folder, lab)
    try:
        if not path.exists():
            path.write_text(written(lab), encoding="utf-8")
            return Written(path)
        if _made_from(path) == fingerprint(lab):
            return Written(path, stayed=True)
        aside = path.with_name(f"{lab.name}-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}.ipynb")
        path.rename(aside)
        path.write_text(written(lab), encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error) from error
    return Written(path, aside=aside)


def write_all(folder: Path, labs: Iterable[Lab]) -> tuple[Path, ...]:
    """Write the labs' notebooks into ``folder``, named as the labs' own folders; what is there is replaced."""
    paths = []
    for lab in labs:
        path = folder / f"{lab.folder.name}.ipynb"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(written(lab), encoding="utf-8")
        except OSError as error:
            raise _unwritable(path, error) from error
        paths.append(path)
    return tuple(paths)


def _made_from(path: Path) -> str | None:
    """The fingerprint of the text that a notebook was made from; None where it is no notebook of ours."""
    try:
        text = json.loads(path.read_text(encoding="utf-8"))["metadata"][KEY]["text"]
    except (ValueError, KeyError, TypeError):
        return None
    return text if isinstance(text, str) else None


def _unwritable(path: Path, error: OSError) -> ToolError:
    return ToolError(
        f"the notebook {path} was to be written, and that failed: {error.strerror}",
        next="labrunner notebook with --home DIR or --output DIR, a folder you may write to",
    )
