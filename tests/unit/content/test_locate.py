"""Where the course's own files are."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.content import locate
from labrunner.content.locate import course_folder
from labrunner.model.errors import ToolError, UsageError


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package's folder in an installation of its own."""
    package = tmp_path / "labrunner"
    package.mkdir()
    monkeypatch.setattr(locate, "_PACKAGE", package)
    return package


def test_checkout_has_the_folders_beside_the_package(package: Path) -> None:
    """So an editable install works."""
    (package.parent / "labs").mkdir()
    assert course_folder("labs") == package.parent / "labs"


def test_wheel_has_them_inside_and_they_come_first(package: Path) -> None:
    """A stray folder ``labs`` in site-packages is not the course."""
    (package.parent / "labs").mkdir()
    (package / "course" / "labs").mkdir(parents=True)
    assert course_folder("labs") == package / "course" / "labs"


def test_missing_folder_is_a_broken_installation(package: Path) -> None:
    """The sentence says which folder, and beside what."""
    with pytest.raises(ToolError, match=f"the folder checks of the course is missing beside {package}") as caught:
        course_folder("checks")
    assert caught.value.next == "pip install --force-reinstall labrunner"


def test_course_of_ones_own_is_taken_whole(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found from the current folder too; what it lacks is not taken from labrunner's own course."""
    for name in ("labs", "checks"):
        (package / "course" / name).mkdir(parents=True)
    (tmp_path / "mine" / "labs").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LABRUNNER_COURSE", "mine")
    assert course_folder("labs") == tmp_path / "mine" / "labs"
    with pytest.raises(UsageError, match="LABRUNNER_COURSE names mine, and there is no folder checks in it") as caught:
        course_folder("checks")
    assert caught.value.next == "unset LABRUNNER_COURSE"


@pytest.mark.parametrize("name", ["labs", "checks", "images"])
def test_this_installation_has_the_course(name: str) -> None:
    """Found from the package's own place."""
    assert any(course_folder(name).iterdir())
