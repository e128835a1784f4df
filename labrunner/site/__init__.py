"""The self-paced site: pages made from labs, docs and code, built by Sphinx; this module is a Sphinx extension."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # without the extra `site` there is no Sphinx, and build.py says so
    from sphinx.application import Sphinx

STATIC = Path(__file__).parent / "static"


def _level(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
    """Say of which level the headings in the sidebar are: Sphinx leaves that out, and a screen reader needs it."""
    context["furo_navigation_tree"] = context["furo_navigation_tree"].replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls: the style sheet and the scripts of every page."""
    app.connect("html-page-context", _level, priority=900)  # after Furo has made its navigation
    app.connect("builder-inited", lambda app: app.config.html_static_path.append(str(STATIC)))
    app.add_css_file("labrunner.css")
    app.add_js_file("folder.js")  # after Sphinx's options, before its search
    for script in ("values.js", "progress.js", "print.js", "scroll.js"):
        app.add_js_file(script, loading_method="defer")
    app.setup_extension("labrunner.site.pictures")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
