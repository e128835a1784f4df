"""``labrunner run --notebook``: six notebooks pass through nbclient, and nothing is left."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest

from labrunner.runner.keeping import Keeping
from tests.e2e.test_run import LABS, labrunner, report

pytestmark = pytest.mark.engine


@pytest.mark.usefixtures("untouched")
def test_six_notebooks_pass_and_leave_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    """Every step is PASSED, the notebooks that were run are in the home, and no keeper and no password is left."""
    home = tmp_path / "home"
    done = labrunner(environ, "run", "--all", "--notebook", "--offline", "--json", "--home", str(home))
    data = report(done)
    assert done.returncode == 0, done.stdout
    assert [lab["lab"] for lab in data["labs"]] == LABS
    assert {step["verdict"] for lab in data["labs"] for step in lab["steps"]} == {"passed"}
    password = (home / "push" / "password.txt").read_text().strip()
    for lab in LABS:
        text = (home / lab / f"{lab}.ipynb").read_text()
        assert password not in text
        nbformat.validate(nbformat.reads(text, as_version=4))  # type: ignore[no-untyped-call] # it has no types
    assert not Keeping(home).runs


def test_a_kernel_that_cannot_be_had_is_a_sentence(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "nbclient").mkdir()
    (tmp_path / "nbclient" / "__init__.py").write_text("raise ImportError('no', name='nbclient')")
    path = os.pathsep.join([str(tmp_path), environ.get("PYTHONPATH", "")])
    done = labrunner({**environ, "PYTHONPATH": path}, "run", "nginx-and-mongo", "--notebook", "--offline", "--json")
    assert done.returncode == 3
    error = json.loads(done.stdout)["error"]
    assert "nbclient" in error["says"]
    assert error["next"] == "pip install 'labrunner[jupyter]'"
