"""The directive ``picture``: a drawing in the page, and for other formats its words."""

from __future__ import annotations

import json
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from labrunner.site.pictures.draw import PICTURES

#: Where the data lies below the folder of the docs' sources.
RECORDED = Path("concepts", "recorded")


class PictureNode(nodes.General, nodes.Element):
    """A picture in a document: ``svg``, ``description``, and its caption as children."""


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
        return [PictureNode("", *caption, svg=picture.svg(name), description=picture.description)]

    def _fault(self, says: str) -> list[nodes.Node]:
        return [self.state.document.reporter.warning(says, line=self.lineno)]


class InWords(SphinxPostTransform):
    """Where pages are not HTML, a picture is its description."""

    default_priority = 200

    def run(self, **kwargs: object) -> None:
        """Put the words in the picture's place, before its caption."""
        del kwargs
        if self.app.builder.format == "html":
            return
        for node in list(self.document.findall(PictureNode)):
            words = node["description"]
            node.replace_self([nodes.paragraph(words, words), *node.children])


def setup(app: Sphinx) -> None:
    """Bring the directive into a build."""
    app.add_node(PictureNode, html=(_open, _close))
    app.add_directive("picture", PictureDirective)
    app.add_post_transform(InWords)


def _open(translator: HTML5Translator, node: PictureNode) -> None:
    translator.body.append(f'<figure class="lab-picture">{node["svg"]}<figcaption>')


def _close(translator: HTML5Translator, node: PictureNode) -> None:
    del node
    translator.body.append("</figcaption></figure>\n")
