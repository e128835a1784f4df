"""What single pictures say, in places that only they have."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from tests.unit.site.pictures.drawing import SVG, drawn, frame, recorded, words


def test_a_process_is_inside_the_one_that_started_it() -> None:
    data = recorded("processes")
    svg = drawn("processes", data)
    process = next(row for row in data["containers"][0]["processes"] if row["program"] == "sleep")
    outer, inner = (_smallest(svg, f"host {number}") for number in (process["parent"], process["host"]))
    assert outer is not inner
    assert frame(outer).holds(frame(inner))


def test_a_push_sends_what_was_uploaded_and_nothing_else() -> None:
    data = recorded("pushes")
    blobs = [
        {"digest": "a", "bytes": 2048, "fate": fate, "what": "configuration"}
        for fate in ("uploaded", "uploaded", "mounted", "already there")
    ]
    data["pushes"] = [{**data["pushes"][0], "blobs": blobs}]
    assert "4 KiB of blobs sent" in words(drawn("pushes", data))


def test_a_layer_says_which_images_have_it_too() -> None:
    layer = {"diff_id": "a1", "bytes": 1, "made_by": "FROM"}
    images = [{"name": name, "stand_in": False, "layers": [layer]} for name in ("one", "two", "three")]
    assert "the same layer as in one and three" in words(drawn("layers", {"images": images}))


def _smallest(svg: ET.Element, said: str) -> ET.Element:
    """The innermost box that says it."""
    boxes = [group for group in svg.iter(f"{SVG}g") if said in words(group)]
    return min(boxes, key=lambda group: len(words(group)))
