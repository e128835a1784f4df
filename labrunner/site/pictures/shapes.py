"""What pictures are made of: texts, boxes around them, rows of them, bars and arrows; each knows its height.

Colours are the page's own (currentColor), so that a picture reads in light, in dark and on paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from html import escape
from typing import Protocol

from labrunner.site.pictures.measure import wrap

GAP = 8
PADDING = 10
_CLOSE = 3  # between two texts
_ARROW = 26


class Shape(Protocol):
    """A part of a picture. All lengths are pixels of the viewBox."""

    def height(self, width: float) -> float:
        """The height that it needs at that width."""
        ...

    def draw(self, x: float, y: float, width: float, height: float) -> str:
        """Its SVG, with its upper left corner at (x, y); ``height`` may be more than it needs."""
        ...


class Look(Enum):
    """How a box looks; what it means stands in words beside it."""

    PLAIN = 'fill="currentColor" fill-opacity="0.05" stroke="currentColor" stroke-opacity="0.45"'
    STRONG = 'fill="#12966c" fill-opacity="0.15" stroke="currentColor" stroke-width="2"'
    DASHED = 'fill="none" stroke="currentColor" stroke-opacity="0.6" stroke-dasharray="5 4"'
    BARE = 'fill="none"'


@dataclass(frozen=True)
class Text:
    """Words that wrap at the width that there is."""

    words: str
    size: float = 13
    bold: bool = False
    mono: bool = False
    centred: bool = False

    def height(self, width: float) -> float:
        """One line-height for each line."""
        return len(self._lines(width)) * self._step

    def draw(self, x: float, y: float, width: float, height: float) -> str:
        """Its lines, the first at the top."""
        del height
        family = "ui-monospace, 'DejaVu Sans Mono', monospace" if self.mono else "inherit"
        style = f'font-size="{self.size:g}" font-family="{family}"' + (' font-weight="600"' if self.bold else "")
        left, anchor = (x + width / 2, ' text-anchor="middle"') if self.centred else (x, "")
        return "".join(
            f'<text x="{left:g}" y="{y + number * self._step + self.size:g}" {style}{anchor}>{escape(line)}</text>'
            for number, line in enumerate(self._lines(width))
        )

    @property
    def _step(self) -> float:
        return round(self.size * 1.35)

    def _lines(self, width: float) -> list[str]:
        return wrap(self.words, width, self.size, bold=self.bold, mono=self.mono)


@dataclass(frozen=True)
class Stack:
    """Shapes below one another."""

    parts: tuple[Shape, ...]

    def height(self, width: float) -> float:
        """All heights, and the gaps between them."""
        return sum(part.height(width) for part in self.parts) + sum(self._gaps())

    def draw(self, x: float, y: float, width: float, height: float) -> str:
        """The first one at the top."""
        del height
        drawn = []
        for part, gap in zip(self.parts, (*self._gaps(), 0), strict=False):
            needs = part.height(width)
            drawn.append(part.draw(x, y, width, needs))
            y += needs + gap
        return "".join(drawn)

    def _gaps(self) -> list[int]:
        pairs = zip(self.parts, self.parts[1:], strict=False)
        return [_CLOSE if isinstance(one, Text) and isinstance(two, Text) else GAP for one, two in pairs]


@dataclass(frozen=True)
class Box:
    """A frame around a stack of shapes; where it is higher than they need, they stand at the top or in the middle."""

    parts: tuple[Shape, ...]
    look: Look = Look.PLAIN
    padding: float = PADDING
    middle: bool = False

    def height(self, width: float) -> float:
        """What its parts need, and the padding."""
        return Stack(self.parts).height(width - 2 * self.padding) + 2 * self.padding

    def draw(self, x: float, y: float, width: float, height: float) -> str:
        """A group: the frame, then its parts."""
        frame = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" {self.look.value}/>'
        top = y + self.padding + ((height - self.height(width)) / 2 if self.middle else 0)
        parts = Stack(self.parts).draw(x + self.padding, top, width - 2 * self.padding, height - 2 * self.padding)
        return f"<g>{frame}{parts}</g>"


@dataclass(frozen=True)
class Row:
    """Shapes beside one another, all as high as the highest; ``shares`` divides the width, evenly where it is empty."""

    parts: tuple[Shape, ...]
    shares: tuple[float, ...] = ()
    gap: float = GAP

    def height(self, width: float) -> float:
        """That of the highest."""
        return max(part.height(share) for part, share in zip(self.parts, self._widths(width), strict=True))

    def draw(self, x: float, y: float, width: float, height: float) -> str:
        """The first one at the left."""
        drawn = []
        for part, share in zip(self.parts, self._widths(width), strict=True):
            drawn.append(part.draw(x, y, share, height))
            x += share + self.gap
        return "".join(drawn)

    def _widths(self, width: float) -> list[float]:
        shares = self.shares or (1.0,) * len(self.parts)
        room = width - self.gap * (len(self.parts) - 1)
        return [round(room * share / sum(shares), 2) for share in shares]


@dataclass(frozen=True)
class Bar:
    """A length beside others: ``part`` of ``whole`` is filled, and a thick line marks ``limit``."""

    part: float
    whole: float
    limit: float

    def height(self, width: float) -> float:
        """The same at each width."""
        del width
        return 20

    def draw(self, x: float, y: float, width: float, height: float) -> str:
        """The whole as a frame, the part in it, and the mark across."""
        filled, mark = (width * min(value / self.whole, 1) for value in (self.part, self.limit))
        return (
            f'<path d="M{x:g} {y + 3:g}h{width:g}v{height - 6:g}h{-width:g}z" fill="none" stroke="currentColor" '
            f'stroke-opacity="0.3"/><path d="M{x:g} {y + 3:g}h{filled:g}v{height - 6:g}h{-filled:g}z" '
            f'fill="currentColor" fill-opacity="0.45"/><path d="M{x + mark:g} {y - 1:g}v{height + 2:g}" '
            f'stroke="currentColor" stroke-width="3"/>'
        )


@dataclass(frozen=True)
class Arrow:
    """From what is above to what is below, with words beside it."""

    words: str
    both: bool = False

    def height(self, width: float) -> float:
        """At least so much that it is seen as an arrow."""
        return max(_ARROW, self._text.height(width / 2 - 2 * GAP))

    def draw(self, x: float, y: float, width: float, height: float) -> str:
        """In the middle, the words right of it."""
        middle, end, room = x + width / 2, y + height, width / 2 - 2 * GAP
        head = f"M{middle - 4:g} {end - 6:g}L{middle:g} {end:g}L{middle + 4:g} {end - 6:g}"
        tail = f"M{middle - 4:g} {y + 6:g}L{middle:g} {y:g}L{middle + 4:g} {y + 6:g}" if self.both else ""
        needs = self._text.height(room)
        return (
            f'<path d="M{middle:g} {y:g}V{end:g}{head}{tail}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
            + self._text.draw(middle + 1.5 * GAP, y + (height - needs) / 2, room, needs)
        )

    @property
    def _text(self) -> Text:
        return Text(self.words, size=12)


def cell(*lines: str, look: Look = Look.PLAIN, mono: bool = False) -> Box:
    """A box of a table: its first line in full size, the others smaller below it, all in its middle."""
    first, *others = lines
    texts = (
        Text(first, size=11.5 if mono else 12.5, mono=mono, centred=True),
        *(Text(line, size=11.5, centred=True) for line in others),
    )
    return Box(texts, look=look, padding=5, middle=True)


def heads(*words: str, shares: tuple[float, ...]) -> Row:
    """The first row of a table."""
    return Row(
        tuple(Box((Text(word, size=12, bold=True, centred=True),), Look.BARE, 2, middle=True) for word in words), shares
    )


def label(*lines: str) -> Box:
    """The first box of a table's row, without a frame."""
    first, *others = lines
    return Box(
        (Text(first, size=12.5, bold=True), *(Text(line, size=11.5) for line in others)), Look.BARE, 2, middle=True
    )


#: Keeps a place of a row empty.
NOTHING = Box((), Look.BARE)
