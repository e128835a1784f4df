"""The directive ``picture``: a drawing in an HTML page, and in other formats its words."""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from labrunner.site.pictures.draw import PICTURES

#: Where the data lies below the folder of the docs' sources.
RECORDED = Path("concepts", "recorded")


class PictureDirective(SphinxDirective):
    """``{picture} NAME``: what was recorded under that name, drawn; the content is the caption."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """The figure; a warning at the directive's line where there is no such picture or no data for it."""
        name, data = self.arguments[0], RECORDED / f"{self.arguments[0]}.json"
        if name not in PICTURES:
            return self._fault(f"there is no picture {name}; the pictures are {', '.join(PICTURES)}")
        self.env.note_dependency(str(data))
        try:
            recorded = json.loads(Path(self.env.srcdir, data).read_text(encoding="utf-8"))
            picture = PICTURES[name](recorded)
            by = f"Drawn from a recording of {recorded['recorded_on']}."
        except OSError:
            return self._fault(f"the picture {name} is drawn from {data}, which is missing; record it")
        except (ValueError, KeyError, TypeError) as error:
            return self._fault(f"the picture {name} cannot be drawn from {data}, which has {error!r}; record it anew")
        caption = [*self.parse_content_to_nodes(), nodes.paragraph(by, by, classes=["picture-source"])]
        words = nodes.paragraph(picture.description, picture.description)
        return [
            _html(f'<figure class="lab-picture">{picture.svg(name)}<figcaption>'),
            addnodes.only("", words, expr="not html"),
            *caption,
            _html("</figcaption></figure>"),
        ]

    def _fault(self, says: str) -> list[nodes.Node]:
        return [self.state.document.reporter.warning(says, line=self.lineno)]


def setup(app: Sphinx) -> None:
    """Bring the directive and its looks into a build; labrunner.site has the folder of the style sheet."""
    app.add_directive("picture", PictureDirective)
    app.add_css_file("pictures.css")


def _html(text: str) -> nodes.raw:
    """What only HTML pages have; other formats leave it out."""
    return nodes.raw("", text, format="html")
