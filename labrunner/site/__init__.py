"""The self-paced site: pages made from labs, docs and code, built by Sphinx. As a Sphinx extension it brings its looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # without the extra `site` there is no Sphinx, and build.py says so
    from sphinx.application import Sphinx

STATIC = Path(__file__).parent / "static"


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls: the style sheet and the scripts of every page."""
    app.connect("builder-inited", lambda app: app.config.html_static_path.append(str(STATIC)))
    app.add_css_file("labrunner.css")
    app.add_js_file("early.js", priority=1)  # before Sphinx's search, which it sets right for pages from a folder
    for script in ("values.js", "progress.js", "print.js"):
        app.add_js_file(script, loading_method="defer")
    app.setup_extension("labrunner.site.pictures")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
