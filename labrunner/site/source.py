"""The folder that Sphinx reads: the docs as they are, and beside them the pages that are made."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import click

from labrunner.content.course import load_course
from labrunner.content.explain import load_meanings
from labrunner.content.locate import course_folder
from labrunner.site.commands_page import commands_page
from labrunner.site.lab_page import lab_page, page_name
from labrunner.site.overview import overview

#: The cards of the labs, which docs/index.md includes.
OVERVIEW = "labs/overview.inc"


def write_source(folder: Path, commands: click.Group, groups: Mapping[str, Mapping[str, str]]) -> None:
    """Fill the folder, which must not exist. ``commands`` and ``groups`` are the command line's own."""
    labs = course_folder("labs")
    course, meanings = load_course(labs), load_meanings(labs / "commands.yaml")
    shutil.copytree(course_folder("docs"), folder)
    (folder / "labs").mkdir()
    (folder / OVERVIEW).write_text(overview(course), encoding="utf-8")
    (folder / "reference" / "commands.md").write_text(commands_page(commands, groups), encoding="utf-8")
    for lab in course.labs:
        (folder / f"{page_name(lab)}.md").write_text(lab_page(course, lab, meanings), encoding="utf-8")
