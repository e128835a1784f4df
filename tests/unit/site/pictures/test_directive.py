"""The directive ``picture``, in pages that Sphinx builds."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from tests.unit.site.pictures.drawing import RECORDED

EXTENSIONS = ["myst_parser", "labrunner.site.pictures"]


def build(folder: Path, page: str, builder: str = "html") -> tuple[str, str]:
    """The built page, and Sphinx's warnings."""
    source, out, warnings = folder / "source", folder / "out", io.StringIO()
    shutil.copytree(RECORDED, source / "concepts" / "recorded", dirs_exist_ok=True)
    (source / "index.md").write_text(f"# Page\n\n{page}\n")
    with docutils_namespace():
        Sphinx(
            source, None, out, folder / "trees", builder, {"extensions": EXTENSIONS}, status=None, warning=warnings
        ).build()
    suffix = "html" if builder == "html" else "txt"
    return (out / f"index.{suffix}").read_text(), re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue())


def test_a_page_shows_the_drawing_and_its_caption(tmp_path: Path) -> None:
    page, warnings = build(tmp_path, "```{picture} kernel\nOne *kernel* for all.\n```")
    assert warnings == ""
    assert re.search(r'<figure class="lab-picture"><svg .*</svg><figcaption>.*<em>kernel</em> for all', page, re.DOTALL)
    assert "Drawn from a recording of Docker" in page


def test_a_page_without_html_has_the_words(tmp_path: Path) -> None:
    page, warnings = build(tmp_path, "```{picture} kernel\nOne kernel for all.\n```", "text")
    assert warnings == ""
    assert re.search(r"The host runs Linux \d.*One kernel for all", page, re.DOTALL)


def test_a_name_that_is_no_picture_is_a_warning_at_its_line(tmp_path: Path) -> None:
    _, warnings = build(tmp_path, "```{picture} kernal\n```")
    assert re.search(r"index\.md:3: WARNING: there is no picture kernal; the pictures are kernel, ", warnings)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "is drawn from concepts/recorded/kernel.json, which is missing; record it"),
        ("{", "cannot be drawn from concepts/recorded/kernel.json"),
        ("[]", "cannot be drawn from concepts/recorded/kernel.json"),
        ('{"host": {}}', "which has KeyError('kernel'); record it anew"),
    ],
)
def test_data_that_is_not_there_or_wrong_is_a_warning_at_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, says: str
) -> None:
    data = tmp_path / "recorded"
    data.mkdir()
    if content is not None:
        (data / "kernel.json").write_text(content)
    monkeypatch.setattr("tests.unit.site.pictures.test_directive.RECORDED", data)
    _, warnings = build(tmp_path, "```{picture} kernel\n```")
    assert "index.md:3: WARNING: the picture kernel " in warnings
    assert says in warnings
    assert warnings.count("\n") == 1
