"""The layers of images, and which of them two images share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labrunner.site.pictures.picture import Picture
from labrunner.site.pictures.shapes import Box, Look, Row, Text
from labrunner.site.pictures.words import listed, size

Image = Mapping[str, Any]
Layer = Mapping[str, Any]


def layers(recorded: Mapping[str, Any]) -> Picture:
    """What ``record.images.layers`` saw; the base of each image is at the bottom."""
    images = recorded["images"]
    return Picture(
        f"The layers of {listed([image['name'] for image in images])}",
        "From the base up. " + " ".join(_told(image, images) for image in images),
        (
            *(_image(image, images) for image in images),
            Text(
                "Thick frame: one layer in several images. The base is at the bottom. Stand-ins are built here.",
                size=12,
            ),
        ),
    )


def _image(image: Image, images: Sequence[Image]) -> Box:
    mark = "a stand-in" if image["stand_in"] else ""
    head = Row((Text(image["name"], bold=True), Text(mark, size=12))) if mark else Text(image["name"], bold=True)
    return Box((head, *(_layer(layer, _others(layer, image, images)) for layer in reversed(image["layers"]))))


def _layer(layer: Layer, others: Sequence[str]) -> Box:
    facts = Row(
        (
            Text(layer["made_by"], size=12, bold=True),
            Text(layer["diff_id"], size=12, mono=True),
            Text(size(layer["bytes"]), size=12),
        )
    )
    shared = (Text(f"the same layer as in {listed(others)}", size=12),) if others else ()
    return Box((facts, *shared), Look.STRONG if others else Look.PLAIN, 7)


def _others(layer: Layer, image: Image, images: Sequence[Image]) -> list[str]:
    return [
        other["name"]
        for other in images
        if other is not image and layer["diff_id"] in {row["diff_id"] for row in other["layers"]}
    ]


def _told(image: Image, images: Sequence[Image]) -> str:
    rows = []
    for layer in image["layers"]:
        others = _others(layer, image, images)
        shared = f", shared with {listed(others)}" if others else ""
        rows.append(f"{layer['diff_id']} made by {layer['made_by']}, {size(layer['bytes'])}{shared}")
    return f"{image['name']}{', a stand-in,' if image['stand_in'] else ''} has {len(rows)}: {'; '.join(rows)}."
