"""A picture: what is drawn, and the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from labrunner.site.pictures.shapes import Shape, Stack

#: In pixels: the text of a phone's page is as wide, so that a picture is not scaled down there.
WIDTH = 360
_EDGE = 2  # half of the thickest frame, and a little more


@dataclass(frozen=True)
class Picture:
    """``description`` tells all that the picture shows, for those who do not see it."""

    title: str
    description: str
    parts: tuple[Shape, ...]

    def svg(self, name: str) -> str:
        """The picture as an element for an HTML page, on which ``name`` is unique."""
        stack, room = Stack(self.parts), WIDTH - 2 * _EDGE
        height = stack.height(room)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 2 * _EDGE:g}" role="img" '
            f'class="picture" fill="currentColor" aria-labelledby="picture-{name}-title picture-{name}-desc">'
            f'<title id="picture-{name}-title">{escape(self.title)}</title>'
            f'<desc id="picture-{name}-desc">{escape(self.description)}</desc>'
            f"{stack.draw(_EDGE, _EDGE, room, height)}</svg>"
        )
