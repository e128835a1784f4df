"""The notebooks are valid, the same each time, and say all that the labs say."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.content.passages import Doing, passages
from labrunner.content.substitute import with_variables
from labrunner.jupyter.export import fingerprint, notebook, written
from labrunner.jupyter.wording import in_notebook
from labrunner.jupyter.writing import write_notebook
from labrunner.model.lab import Command, Lab
from tests.unit.builders import a_lab, a_step

COURSE = load_course(course_folder("labs"))
NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
labs = pytest.mark.parametrize("lab", COURSE.labs, ids=lambda lab: lab.name)


@labs
def test_a_notebook_in_git_is_what_the_lab_gives(lab: Lab) -> None:
    """Otherwise: make notebooks."""
    assert (NOTEBOOKS / f"{lab.folder.name}.ipynb").read_text(encoding="utf-8") == written(lab)


@labs
def test_a_notebook_is_valid_and_laid_out_as_nbformat_does(lab: Lab) -> None:
    found = nbformat.reads(written(lab), as_version=4)  # type: ignore[no-untyped-call] # nbformat has few types
    nbformat.validate(found)
    assert nbformat.writes(found) + "\n" == written(lab)  # type: ignore[no-untyped-call] # as above
    assert len({cell.id for cell in found.cells}) == len(found.cells)


@labs
def test_each_step_ends_with_its_check(lab: Lab) -> None:
    cells = [cell for cell in notebook(lab)["cells"] if cell["cell_type"] == "code"]
    checks = ["".join(cell["source"]) for cell in cells if cell["id"].endswith("-check")]
    answers = ["" if step.ask is None else " --answer TEXT" for step in lab.steps]
    assert checks == [f"%check step{number}{answer}" for number, answer in enumerate(answers, start=1)]


@labs
def test_the_passages_have_all_actions_in_order(lab: Lab) -> None:
    for step in lab.steps:
        found = [action for part in passages(step) if isinstance(part, Doing) for action in part.actions]
        assert tuple(found) == step.actions


@labs
def test_a_plain_cell_has_no_words_of_one_home(lab: Lab) -> None:
    """What is filled in when it is run, is not in a cell that runs as it stands."""
    plain = ["".join(cell["source"]) for cell in notebook(lab)["cells"] if cell["source"][:1] == ["%%bash\n"]]
    words = [*lab.ids, *(value for name, value in lab.variables.items() if name.endswith("_port"))]
    assert not [(cell, word) for cell in plain for word in words if word in cell]


def test_the_password_is_in_no_notebook() -> None:
    text = written(COURSE.lab("push"))
    assert "--secret password" in text
    assert "docker login --username student localhost:5055" in text


def test_another_text_has_another_fingerprint() -> None:
    lab = COURSE.lab("nginx-and-mongo")
    assert fingerprint(with_variables(lab, {**lab.variables, "web_port": "8090"})) != fingerprint(lab)


@given(st.text(), st.lists(st.text(min_size=1), max_size=4))
def test_any_text_gives_a_valid_notebook_and_is_not_lost(title: str, lines: list[str]) -> None:
    text = "\n".join(f"    {line}" for line in lines)
    step = a_step("one", text=text)
    lab = a_lab(step, intro=title)
    found = nbformat.reads(written(lab), as_version=4)  # type: ignore[no-untyped-call] # as above
    nbformat.validate(found)
    shown = "".join(cell.source for cell in found.cells)
    assert in_notebook(text.strip()) in shown


@pytest.mark.parametrize(
    ("command", "cell"),
    [
        ("labrunner check step3", "%check step3"),
        ("labrunner reset push", "%reset_lab push"),
        ("labrunner reset --all", "labrunner reset --all"),
        ("labrunner shell --term second", "labrunner shell --term second"),
    ],
)
def test_the_command_lines_words_become_the_notebooks(command: str, cell: str) -> None:
    assert in_notebook(command) == cell


def test_a_notebook_of_the_same_text_stays_and_one_of_another_is_kept_aside(tmp_path: Path) -> None:
    lab = a_lab(a_step("one", text="First."), name="mine")
    path = write_notebook(tmp_path, lab).path
    changed = {**json.loads(path.read_text()), "cells": []}
    path.write_text(json.dumps(changed))
    again = write_notebook(tmp_path, lab)
    assert again.stayed
    assert json.loads(path.read_text()) == changed

    later = write_notebook(tmp_path, a_lab(a_step("one", text="Second."), name="mine"))
    assert later.aside is not None
    assert json.loads(later.aside.read_text()) == changed
    assert "Second." in path.read_text()


def test_what_is_no_notebook_is_kept_aside(tmp_path: Path) -> None:
    lab = a_lab(a_step("one", actions=(Command("true"),)), name="mine")
    (tmp_path / "mine.ipynb").write_text("my notes")
    aside = write_notebook(tmp_path, lab).aside
    assert aside is not None
    assert aside.read_text() == "my notes"
