"""The folder that a site is built into: what somebody else put there is never touched."""

from __future__ import annotations

import shutil
from pathlib import Path

from labrunner.model.errors import UsageError

#: The list of a site's files, one a line, in the site itself; what is not in it is not ours.
LIST = ".labrunner-site"


def demand_ours(output: Path) -> None:
    """UsageError unless ``output`` is missing, empty or a site that labrunner built."""
    if output.is_dir() and ((output / LIST).is_file() or not any(output.iterdir())):
        return
    if output.exists() or output.is_symlink():
        what = "holds something that is not a site of labrunner" if output.is_dir() else "is not a folder"
        raise UsageError(
            f"the site was to be built in {output}, which {what}",
            next="labrunner site build --output DIR, a new folder",
        )


def replace_site(output: Path, pages: Path) -> int:
    """Move the files below ``pages`` into ``output`` in the place of the site there; the number of pages."""
    files = sorted(str(file.relative_to(pages)) for file in pages.rglob("*") if file.is_file())
    known = _listed(output)
    if foreign := [name for name in files if name not in known and (output / name).exists()]:
        raise UsageError(
            f"the site was to be built in {output}, where {foreign[0]} is somebody else's",
            next=f"move {output / foreign[0]} away, then the same command again",
        )
    for name in known:
        (output / name).unlink(missing_ok=True)
    output.mkdir(parents=True, exist_ok=True)
    (output / LIST).write_text("".join(f"{name}\n" for name in (LIST, *files)), encoding="utf-8")
    for name in files:
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(pages / name, output / name)
    return sum(name.endswith(".html") for name in files)


def _listed(output: Path) -> frozenset[str]:
    """The files of the site there; a path that leads out of the folder is not one of a site."""
    file = output / LIST
    names = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return frozenset(name for name in names if (output / name).resolve().is_relative_to(output.resolve()))
