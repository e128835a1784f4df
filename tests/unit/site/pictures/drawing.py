"""A drawn picture as the tests look at it: its frames and texts, with what they take at most."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labrunner.site.pictures.draw import PICTURES
from labrunner.site.pictures.measure import width

RECORDED = Path(__file__).parents[4] / "docs" / "concepts" / "recorded"
SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Area:
    """A rectangle, in pixels of the viewBox."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: Area) -> bool:
        slack = 0.05
        return (
            self.left - slack <= other.left
            and other.right <= self.right + slack
            and self.top - slack <= other.top
            and other.bottom <= self.bottom + slack
        )

    def meets(self, other: Area) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def recorded(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return data


def drawn(name: str, data: dict[str, Any] | None = None) -> ET.Element:
    """The picture of that data, or else of what is recorded."""
    return ET.fromstring(PICTURES[name](data or recorded(name)).svg(name))  # noqa: S314 - we have just made it


def page(svg: ET.Element) -> Area:
    return Area(*map(float, svg.attrib["viewBox"].split()))


def words(svg: ET.Element) -> str:
    return " ".join(text.text or "" for text in svg.iter(f"{SVG}text"))


def frame(group: ET.Element) -> Area:
    """The frame of a box."""
    rect = group.find(f"{SVG}rect")
    assert rect is not None
    left, top, wide, high = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
    return Area(left, top, left + wide, top + high)


def text_area(text: ET.Element) -> Area:
    """What a text takes, in the widest of usual fonts; its ascent and descent are within its size."""
    size, x, base = (float(text.attrib[name]) for name in ("font-size", "x", "y"))
    bold, mono = "font-weight" in text.attrib, "mono" in text.attrib["font-family"]
    wide = width(text.text or "", size, bold=bold, mono=mono)
    left = x - wide / 2 if text.attrib.get("text-anchor") == "middle" else x
    return Area(left, base - size * 0.8, left + wide, base + size * 0.25)


def inside(svg: ET.Element) -> Iterator[tuple[Area, Area, str]]:
    """Each part of a box or of the whole picture: the outer area, the inner area, and words that name it."""
    for parent in svg.iter():
        outer = frame(parent) if parent.tag == f"{SVG}g" else page(svg)
        for part in parent:
            if part.tag == f"{SVG}text":
                yield outer, text_area(part), str(part.text)
            elif part.tag == f"{SVG}g":
                yield outer, frame(part), words(part)


def beside(svg: ET.Element) -> Iterator[tuple[Area, Area, str]]:
    """Each two parts of the same box or of the whole picture."""
    for parent in svg.iter():
        areas = [
            (text_area(part) if part.tag == f"{SVG}text" else frame(part), part)
            for part in parent
            if part.tag in {f"{SVG}text", f"{SVG}g"}
        ]
        for number, (one, first) in enumerate(areas):
            for two, second in areas[number + 1 :]:
                yield one, two, f"{first.text or words(first)} | {second.text or words(second)}"


def loose(text: str) -> str:
    """Without white space: words that wrap, and those that do not."""
    return re.sub(r"\s", "", text)
