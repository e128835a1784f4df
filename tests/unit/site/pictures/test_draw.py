"""Every picture, drawn from what is recorded in docs/concepts."""

from __future__ import annotations

import copy
import functools
import json
import operator
from collections.abc import Iterator
from typing import Any

import pytest

from labrunner.site.pictures.draw import PICTURES
from tests.unit.site.pictures.drawing import RECORDED, SVG, beside, drawn, inside, loose, recorded, words

pytestmark = pytest.mark.parametrize("name", PICTURES)

#: What the page says below the picture.
_UNSEEN = {"recorded_on"}


def test_a_picture_has_a_title_and_a_description_that_label_it(name: str) -> None:
    svg = drawn(name)
    title, desc = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert title.text
    assert desc.text
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-labelledby"].split() == [title.attrib["id"], desc.attrib["id"]]


def test_all_is_within_the_box_around_it(name: str) -> None:
    for outer, inner, said in inside(drawn(name)):
        assert outer.holds(inner), said


def test_nothing_lies_on_what_is_beside_it(name: str) -> None:
    for one, two, said in beside(drawn(name)):
        assert not one.meets(two), said


def test_colours_are_the_page_s_own_or_a_light_tint(name: str) -> None:
    for shape in drawn(name).iter():
        assert shape.attrib.get("stroke", "currentColor") == "currentColor"
        if shape.attrib.get("fill", "none") not in {"none", "currentColor"}:
            assert float(shape.attrib["fill-opacity"]) <= 0.2


def test_the_description_has_every_number_that_was_recorded(name: str) -> None:
    described = drawn(name).findtext(f"{SVG}desc") or ""
    for value in _plain(recorded(name)):
        assert value in described


def test_what_is_recorded_is_what_is_drawn(name: str) -> None:
    """Each value, changed on its own, makes another picture."""
    before = PICTURES[name](recorded(name)).svg(name)
    for changed, path in _changed(recorded(name)):
        assert PICTURES[name](changed).svg(name) != before, path


def test_letters_that_are_markup_stay_letters(name: str) -> None:
    data = _marked(recorded(name))
    assert drawn(name, data) is not None


def test_there_is_data_for_it(name: str) -> None:
    assert (RECORDED / f"{name}.json").is_file()


def test_long_words_stay_in_their_boxes(name: str) -> None:
    svg = drawn(name, _marked(recorded(name), "Wide" * 12))
    for outer, inner, said in inside(svg):
        assert outer.holds(inner), said
    assert "WideWide" in loose(words(svg))


def _plain(value: object) -> Iterator[str]:
    """The numbers below a million that stand as they are; sizes are rounded in words."""
    if isinstance(value, dict):
        yield from (found for key, item in value.items() if key != "bytes" for found in _plain(item))
    elif isinstance(value, list):
        yield from (found for item in value for found in _plain(item))
    elif isinstance(value, int) and not isinstance(value, bool) and value < 1_000_000:
        yield str(value)


def _leaves(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if parts is None:
        yield path
    else:
        for key, item in parts:
            if key not in _UNSEEN:
                yield from _leaves(item, (*path, key))


def _set(data: dict[str, Any], path: tuple[Any, ...], change: Any) -> dict[str, Any]:  # noqa: ANN401 - any value
    made: Any = copy.deepcopy(data)
    place = made
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = change(place[path[-1]], path[-1])
    return dict(made)


#: Words of a fixed list: each becomes another one of it.
_OTHER = {
    "uploaded": "mounted",
    "mounted": "uploaded",
    "already there": "uploaded",
    "run": "cached",
    "cached": "run",
    "given": "run",
    "added": "changed",
    "changed": "deleted",
    "deleted": "added",
    "file": "whiteout",
    "whiteout": "file",
}


def _changed(data: dict[str, Any]) -> Iterator[tuple[dict[str, Any], tuple[Any, ...]]]:
    def other(value: object, key: object) -> object:
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            return value * 2 + 1
        if value is None:
            return 4711
        return (
            _OTHER.get(str(value), f"{value}x")
            if key in {"fate", "first", "second", "change", "stored_as"}
            else f"{value}x"
        )

    for path in _leaves(data):
        if path[-1] == "host":  # a process, which its children name as their parent
            number = functools.reduce(operator.getitem, path, data)
            yield json.loads(json.dumps(data).replace(f" {number}", f" {number}7")), path
        elif path[-1] != "parent":
            yield _set(data, path, other), path


def _marked(data: dict[str, Any], words: str = '<b>&"') -> dict[str, Any]:
    """The same with words of the host in which there is markup, or that are long."""
    free = {
        "image",
        "program",
        "name",
        "address",
        "subnet",
        "made_by",
        "path",
        "what",
        "repository",
        "instruction",
        "limit",
    }
    for path in _leaves(data):
        data = _set(
            data,
            path,
            lambda value, key: f"{value}{words}" if key in free and isinstance(value, str) else value,
        )
    return data
