"""The data in git has the shape that the recorder writes, so that it can be recorded anew at any time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.engine.engine import Engine
from labrunner.site.pictures.record.__main__ import records
from labrunner.site.pictures.record.workshop import Workshop, workshop

RECORDED = Path(__file__).parents[3] / "docs" / "concepts" / "recorded"

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(os.geteuid() != 0, reason="other users' processes are looked at: run as root"),
]


@pytest.fixture
def shop(engine: Engine) -> Iterator[Workshop]:
    """A workshop on this host's engine."""
    with workshop(engine) as made:
        yield made


@pytest.mark.parametrize("name", ["kernel", "namespaces", "processes", "limits", "layers"])
def test_what_is_recorded_has_the_shape_of_what_is_in_git(shop: Workshop, name: str) -> None:
    """Values may be others on this host; what pictures read by name is there, and of the same type."""
    kept = json.loads((RECORDED / f"{name}.json").read_text())
    del kept["recorded_on"]
    assert shape(records(load_course(course_folder("labs")))[name](shop)) == shape(kept)


def test_a_recording_leaves_nothing_behind(engine: Engine) -> None:
    """Containers and images are as before."""
    before = {row.id for row in engine.containers()}, {row["Id"] for row in engine.image_rows()}
    with workshop(engine) as shop:
        shop.run("ubuntu", "sleep", "60")
        shop.build(shop.name("made"), {"Dockerfile": "FROM ubuntu\nCOPY note /note\n", "note": "new\n"}, fresh=True)
    assert before == ({row.id for row in engine.containers()}, {row["Id"] for row in engine.image_rows()})


def shape(data: object) -> Any:  # noqa: ANN401 - JSON
    """Keys and types, without the values; of a list, its items' shapes, each once."""
    if isinstance(data, dict):
        return {name: shape(value) for name, value in data.items()}
    if isinstance(data, list):
        return sorted({json.dumps(shape(value)) for value in data})
    return type(data).__name__
