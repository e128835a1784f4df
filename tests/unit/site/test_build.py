"""The whole site, built once: whole, without a fault, and with what a reader who is alone needs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from labrunner.cli.main import COMMANDS, GROUPS, labrunner
from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.model.errors import ToolError
from labrunner.model.lab import Lab
from labrunner.site import build
from labrunner.site.lab_page import page_name
from labrunner.site.links import faults
from labrunner.verify import fixtures

# Sphinx' extensions call what a later Sphinx will no longer have; that is theirs to mend.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]

COURSE = load_course(course_folder("labs"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this checkout; a warning of Sphinx or a broken link would have ended the build."""
    folder = tmp_path_factory.mktemp("built") / "site"
    pages = build.build_site(folder, labrunner, GROUPS)
    assert pages == len(list(folder.rglob("*.html")))
    return folder


def page_of(site: Path, lab: Lab) -> str:
    return (site / f"{page_name(lab)}.html").read_text(encoding="utf-8")


def words(html: str) -> str:
    """The text of a page, without its tags."""
    return re.sub(r"<[^>]+>", "", html)


def test_links_resolve_and_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    assert faults(site) == []


@pytest.mark.parametrize("lab", COURSE.labs, ids=lambda lab: lab.name)
def test_every_step_has_its_check_its_hints_and_its_solution(site: Path, lab: Lab) -> None:
    page = page_of(site, lab)
    sections = re.split(r'<section id="', page)
    for step in lab.steps:
        (section,) = (each for each in sections if f'data-step="{step.ref}"' in each)
        assert f"labrunner check {step.ref}" in words(section) or f"labrunner check {step.name}" in words(section)
        assert section.count('<details class="lab-hint">') == len(step.hints)
        assert section.count('<details class="lab-solution">') == 1
    assert "<details open" not in page


@pytest.mark.parametrize("lab", COURSE.labs, ids=lambda lab: lab.name)
def test_progress_is_kept_by_the_names_of_the_steps(site: Path, lab: Lab) -> None:
    """A tick outlives a new text and another order of the steps; the first page counts the same ticks."""
    names = [f"{lab.name}/{step.name}" for step in lab.steps]
    assert re.findall(r'type="checkbox" data-step="([^"]+)"', page_of(site, lab)) == names
    assert f'data-steps="{" ".join(names)}"' in (site / "index.html").read_text(encoding="utf-8")


def test_all_commands_have_their_place(site: Path) -> None:
    headings = re.findall(r"<h[2-4]>([^<]+)<", (site / "reference/commands.html").read_text(encoding="utf-8"))
    assert {f"labrunner {name}" for name in COMMANDS} <= set(headings)
    assert {"labrunner site build", "labrunner site serve"} <= set(headings)


def test_all_fixtures_are_described(site: Path) -> None:
    page = (site / "reference/fixtures.html").read_text(encoding="utf-8")
    names = re.findall(r"@pytest\.fixture\ndef (\w+)", Path(fixtures.__file__).read_text(encoding="utf-8"))
    assert len(names) > 5
    assert [name for name in names if f'id="labrunner.verify.fixtures.{name}"' not in page] == []


def test_broken_link_ends_the_build_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: Path
) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(course_folder("docs"), docs)
    with (docs / "howto" / "grading.md").open("a") as page:
        page.write("\n[gone](nowhere.md)\n")
    line = (docs / "howto" / "grading.md").read_text().count("\n")
    monkeypatch.setattr("labrunner.site.source.course_folder", {"docs": docs, "labs": course_folder("labs")}.get)
    before = (site / "index.html").stat().st_mtime_ns
    with pytest.raises(ToolError, match=rf"howto/grading\.md:{line}: .*nowhere\.md"):
        build.build_site(site, labrunner, GROUPS)
    assert (site / "index.html").stat().st_mtime_ns == before


def test_without_sphinx_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_NEEDS", ("sphinx", "no_such_package"))
    with pytest.raises(ToolError, match="no_such_package is not installed") as caught:
        build.build_site(tmp_path / "site", labrunner, GROUPS)
    assert caught.value.next == "pip install 'labrunner[site]'"
    assert not (tmp_path / "site").exists()
