"""The pictures of the concepts: ``record/`` notes what an engine does, ``draw/`` makes SVG of it for Sphinx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # who records or draws needs no Sphinx
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls: the directive ``picture``."""
    from labrunner.site.pictures import directive  # noqa: PLC0415 - the extra `site` may be missing

    directive.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
