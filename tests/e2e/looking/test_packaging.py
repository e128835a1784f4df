"""labrunner as users install it: a wheel and an editable install both find labs, checks and images."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.installing import ROOT, python_with, wheel_in

FINDS = (
    "from labrunner.content.locate import course_folder as f; from labrunner.content.course import load_course;"
    "print(len(load_course(f('labs')).labs), len(list(f('checks').glob('test_*.py'))), end=' ');"
    "print(sum(each.is_dir() for each in f('images').iterdir()))"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    return wheel_in(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with labrunner from the wheel."""
    folder = tmp_path_factory.mktemp("installed") / "env"
    python_with(folder, str(wheel))
    return folder


def what_is_found(python: Path, elsewhere: Path) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(python), "-c", FINDS]
    return subprocess.run(command, cwd=elsewhere, env=environ, capture_output=True, text=True, check=True).stdout


def demand_jupyters_files(environment: Path) -> None:
    """JupyterLab finds the launcher's cards, of this very version, and Jupyter Server what answers them."""
    labextension = environment / "share" / "jupyter" / "labextensions" / "labrunner"
    package = json.loads((labextension / "package.json").read_text(encoding="utf-8"))
    assert (labextension / package["jupyterlab"]["_build"]["load"]).is_file()
    assert package["version"] == version("labrunner")
    server = environment / "etc" / "jupyter" / "jupyter_server_config.d" / "labrunner.json"
    enabled = json.loads(server.read_text(encoding="utf-8"))
    assert enabled == {"ServerApp": {"jpserver_extensions": {"labrunner.jupyter.server": True}}}


def test_wheel_carries_the_course(environment: Path, tmp_path: Path) -> None:
    assert what_is_found(environment / "bin" / "python", tmp_path) == "6 6 6\n"
    command = [str(environment / "bin" / "labrunner"), "list"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "nginx-and-mongo" in done.stdout
    demand_jupyters_files(environment)


def test_wheel_builds_the_site(environment: Path, tmp_path: Path) -> None:
    command = [str(environment / "bin" / "labrunner"), "site", "build"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (tmp_path / "site" / "labs" / "02-nginx-and-mongo.html").is_file()
    assert (tmp_path / "site" / "_static" / "labrunner.css").is_file()


def test_editable_install_finds_the_checkout(tmp_path: Path) -> None:
    python = python_with(tmp_path / "env", "--editable", str(ROOT))
    assert what_is_found(python, tmp_path) == "6 6 6\n"
    demand_jupyters_files(tmp_path / "env")


def test_wheel_carries_nothing_else(wheel: Path) -> None:
    """No tests, no byte code, and the licence."""
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if name.startswith("tests") or name.endswith(".pyc")]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "labrunner/py.typed" in names
