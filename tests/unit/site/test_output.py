"""The site's folder: what somebody else put there stays, and what an earlier build made goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.model.errors import ToolError, UsageError
from labrunner.site.output import LIST, demand_ours, replace_site, writing


def pages(folder: Path, *names: str) -> Path:
    """A folder of finished pages."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("new")
    return folder


def test_folder_of_somebody_else_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(UsageError, match="holds something that is not a site of labrunner"):
        demand_ours(tmp_path)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["dear"]


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nowhere")], ids=["file", "dangling link"])
def test_what_is_no_folder_is_refused(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "site")
    with pytest.raises(UsageError, match="is not a folder"):
        demand_ours(tmp_path / "site")


def test_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    site = tmp_path / "file" / "site"
    with pytest.raises(ToolError, match=f"{site}, and that failed: Not a directory"), writing(site):
        demand_ours(site)


def test_rebuilt_site_loses_old_pages_and_keeps_what_was_added(tmp_path: Path) -> None:
    site = tmp_path / "site"
    demand_ours(site)
    assert replace_site(site, pages(tmp_path / "1", "index.html", "old/page.html", "style.css")) == 2
    (site / "added").write_text("mine")
    demand_ours(site)
    assert replace_site(site, pages(tmp_path / "2", "index.html")) == 1
    assert sorted(str(file.relative_to(site)) for file in site.rglob("*") if file.is_file()) == [
        LIST,
        "added",
        "index.html",
    ]


def test_page_in_the_place_of_somebody_elses_file_is_refused(tmp_path: Path) -> None:
    site = tmp_path / "site"
    demand_ours(site)
    replace_site(site, pages(tmp_path / "1", "index.html"))
    (site / "page.html").write_text("mine")
    with pytest.raises(UsageError, match=r"page\.html is somebody else's"):
        replace_site(site, pages(tmp_path / "2", "page.html"))
    assert (site / "page.html").read_text() == "mine"
    assert (site / "index.html").read_text() == "new"


def test_list_that_leads_out_of_the_folder_removes_nothing_there(tmp_path: Path) -> None:
    site, outside = tmp_path / "site", tmp_path / "outside"
    outside.write_text("mine")
    demand_ours(site)
    (site / LIST).write_text("../outside\n")
    replace_site(site, pages(tmp_path / "1", "index.html"))
    assert outside.read_text() == "mine"
