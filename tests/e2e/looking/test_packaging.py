"""labrunner as users install it: a wheel and an editable install both find labs, checks and images."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FINDS = (
    "from labrunner.content.locate import course_folder as f; from labrunner.content.course import load_course;"
    "print(len(load_course(f('labs')).labs), len(list(f('checks').glob('test_*.py'))), end=' ');"
    "print(sum(each.is_dir() for each in f('images').iterdir()))"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    return next(folder.glob("labrunner-*.whl"))


def python_with(folder: Path, *pip: str) -> Path:
    """A new environment that takes labrunner's dependencies from this one, and labrunner itself from what pip gets."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", *pip], check=True)
    outside = next(path for path in sys.path if path.endswith("site-packages"))
    inside = next((folder / "lib").glob("python*")) / "site-packages"
    (inside / "dependencies.pth").write_text(outside + "\n")
    return python


def what_is_found(python: Path, elsewhere: Path) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(python), "-c", FINDS]
    return subprocess.run(command, cwd=elsewhere, env=environ, capture_output=True, text=True, check=True).stdout


def test_wheel_carries_the_course(wheel: Path, tmp_path: Path) -> None:
    python = python_with(tmp_path / "env", str(wheel))
    assert what_is_found(python, tmp_path) == "6 6 6\n"
    done = subprocess.run(
        [tmp_path / "env" / "bin" / "labrunner", "list"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "nginx-and-mongo" in done.stdout


def test_editable_install_finds_the_checkout(tmp_path: Path) -> None:
    python = python_with(tmp_path / "env", "--editable", str(ROOT))
    assert what_is_found(python, tmp_path) == "6 6 6\n"


def test_wheel_carries_nothing_else(wheel: Path) -> None:
    """No tests, no byte code, and the licence."""
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if name.startswith("tests") or name.endswith(".pyc")]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "labrunner/py.typed" in names
