"""labrunner as users install it, beside the dependencies that are here already."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def wheel_in(folder: Path) -> Path:
    """The wheel, built from this checkout into the folder."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    return next(folder.glob("labrunner-*.whl"))


def python_with(folder: Path, *pip: str) -> Path:
    """A new environment that takes labrunner's dependencies from this one, and labrunner itself from what pip gets."""
    venv.create(folder)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", *pip]
    subprocess.run(command, check=True)
    outside = next(path for path in sys.path if path.endswith("site-packages"))
    inside = next((folder / "lib").glob("python*")) / "site-packages"
    (inside / "dependencies.pth").write_text(outside + "\n")
    return python
