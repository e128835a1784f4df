"""What is found in finished pages: links to nothing, and whatever a browser would fetch from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.site.links import faults

OTHER = '<h1 id="top">Other</h1>'


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<a href="missing.html">x</a>', "missing.html leads to no file of the site"),
        ('<a href="other.html#bottom">x</a>', "other.html#bottom leads to no heading"),
        ('<a href="#bottom">x</a>', "#bottom leads to no heading"),
        ('<a href="../beside.html">x</a>', "../beside.html leads to no file of the site"),
        ('<a href="folder">x</a>', "folder leads to no file of the site"),
        ('<a href="missing.html">x</a><a href="missing.html">y</a>', "missing.html leads to no file of the site"),
        ('<img src="https:/example.org/x.png">', "https:/example.org/x.png would be fetched"),
        ('<img src="missing.svg">', "missing.svg leads to no file of the site"),
        ('<script src="https://example.org/x.js"></script>', "https://example.org/x.js would be fetched"),
        ('<link href="//example.org/x.css">', "//example.org/x.css would be fetched"),
    ],
)
def test_fault_is_named_with_its_page(tmp_path: Path, html: str, fault: str) -> None:
    (tmp_path / "beside.html").write_text(OTHER)
    site = tmp_path / "site"
    (site / "folder").mkdir(parents=True)
    (site / "index.html").write_text(html)
    (site / "other.html").write_text(OTHER)
    (found,) = faults(site)
    assert found.startswith(f"index.html: {fault}")


@pytest.mark.parametrize("css", ["a { background: url(https://example.org/x) }", '@import "//example.org/x.css";'])
def test_style_sheet_that_fetches_is_a_fault(tmp_path: Path, css: str) -> None:
    (tmp_path / "x.css").write_text(css)
    (found,) = faults(tmp_path)
    assert found.startswith("x.css: ")
    assert "would be fetched from another host" in found


def test_good_links_are_none(tmp_path: Path) -> None:
    elsewhere = '<a href="https://example.org/">x</a><area href="https://example.org/">'
    links = f'<a href="an%20other.html#%C3%BC">x</a>{elsewhere}<img src="data:image/png;base64,AA">'
    (tmp_path / "index.html").write_text(links)
    (tmp_path / "an other.html").write_text(OTHER.replace("top", "ü"), encoding="utf-8")
    assert faults(tmp_path) == []
