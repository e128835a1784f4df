"""Build the site: Sphinx in a folder that is thrown away, then the finished pages into the output folder."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from labrunner import __version__
from labrunner.model.errors import ToolError
from labrunner.site.links import faults
from labrunner.site.output import demand_ours, replace_site
from labrunner.site.source import OVERVIEW, write_source

_NEEDS = ("sphinx", "myst_parser", "furo", "sphinx_copybutton")

SETTINGS: Mapping[str, Any] = {
    "project": "labrunner",
    "version": __version__,
    "release": __version__,
    "author": "The labrunner authors",
    "extensions": [
        "myst_parser",
        "sphinx.ext.autodoc",
        "sphinx.ext.githubpages",
        "sphinx_copybutton",
        "labrunner.site",
    ],
    "exclude_patterns": [OVERVIEW],
    "source_suffix": {".md": "markdown"},
    "smartquotes": False,  # a command in a sentence stays what is to be typed
    "myst_enable_extensions": ["attrs_block"],
    "myst_heading_anchors": 3,
    "autodoc_member_order": "bysource",
    "autodoc_typehints_format": "short",
    "copybutton_selector": "div.highlight-bash pre, div.highlight-sh pre, div.lab-file pre",
    "html_theme": "furo",
    "html_title": "labrunner",
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_show_sphinx": False,
    "html_domain_indices": False,
    "html_use_index": False,
    "templates_path": [],
}


def build_site(output: Path, commands: click.Group, groups: Mapping[str, Mapping[str, str]]) -> int:
    """Build the whole site into ``output``; the number of its pages.

    ``commands`` is the command line, of which the reference is made, and ``groups`` its commands by heading. ToolError
    where Sphinx is missing or warns, or a page has a fault; what was in ``output`` is then as it was.
    """
    if missing := [name for name in _NEEDS if find_spec(name) is None]:
        raise ToolError(
            f"the site is built by Sphinx, and {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed",
            next="pip install 'labrunner[site]'",
        )
    demand_ours(output)
    with TemporaryDirectory(prefix="labrunner-site-") as work:
        source, pages = Path(work, "source"), Path(work, "pages")
        write_source(source, commands, groups)
        _run_sphinx(source, pages, Path(work, "doctrees"))
        if found := faults(pages):
            raise _wrong(found)
        return replace_site(output, pages)


def _run_sphinx(source: Path, pages: Path, doctrees: Path) -> None:
    from sphinx.application import Sphinx  # noqa: PLC0415 - the extra `site` may be missing
    from sphinx.errors import SphinxError  # noqa: PLC0415 - as above

    warnings = io.StringIO()
    try:
        Sphinx(
            source, None, pages, doctrees, "html", dict(SETTINGS), status=None, warning=warnings, freshenv=True
        ).build(force_all=True)
    except SphinxError as error:
        raise _wrong([str(error)]) from error
    coloured = warnings.getvalue().replace(f"{source.resolve()}/", "")
    if found := re.sub(r"\x1b\[[\d;]*m", "", coloured).strip():
        raise _wrong(found.splitlines())


def _wrong(found: list[str]) -> ToolError:
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return ToolError(
        f"the site was to be built without a fault, and has one: {found[0]}{more}",
        next="mend it in docs/ or labs/, then the same command again",
    )
