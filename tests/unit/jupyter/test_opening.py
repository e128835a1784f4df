"""A lab is opened from the launcher, or one sentence says why not, and nothing was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.jupyter.server.opening import labs, open_lab
from labrunner.model.errors import LabrunnerError, ToolError, UsageError
from labrunner.runner.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A new home, the learner's own, on a host without an engine."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("LABRUNNER_HOME", str(tmp_path / "root" / "labrunner"))
    return Home(tmp_path / "root" / "labrunner")


@pytest.mark.usefixtures("home")
def test_labs_are_listed_with_nothing_done() -> None:
    found = labs()
    assert [each["passed"] for each in found] == [0] * 6
    assert found[1] == {"lab": "nginx-and-mongo", "title": "Nginx beside mongo", "minutes": 20, "steps": 8, "passed": 0}


def test_unknown_lab_is_named(home: Home) -> None:
    with pytest.raises(UsageError, match="there is no lab 'nginx-and-mong'; did you mean nginx-and-mongo"):
        open_lab("nginx-and-mong", home.path.parent)
    assert not home.path.exists()


def test_home_beside_the_root_is_refused_with_the_way_out(home: Home, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"JupyterLab shows only what is below .*/elsewhere") as refused:
        open_lab("push", tmp_path / "elsewhere")
    assert refused.value.next == f"jupyter lab --ServerApp.root_dir={home.path.parent}"
    assert not home.path.exists()


def test_nothing_is_made_without_an_engine(home: Home) -> None:
    with pytest.raises(LabrunnerError, match=r"none\.sock was asked"):
        open_lab("push", home.path.parent)
    assert not home.path.exists()


def test_unreadable_journal_is_told(home: Home) -> None:
    home.path.mkdir(parents=True)
    home.journal.file.write_text("no JSON\n")
    with pytest.raises(ToolError, match="line 1 is no line of a journal"):
        labs()
