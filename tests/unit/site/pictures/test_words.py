"""Sizes, lists and the room that words take."""

from __future__ import annotations

import pytest

from labrunner.site.pictures.measure import width, wrap
from labrunner.site.pictures.words import listed, size


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 B"), (162, "162 B"), (1023, "1023 B"), (1024, "1 KiB"), (64 << 20, "64 MiB"), (25276502016, "23.5 GiB")],
)
def test_sizes_have_three_digits(number: int, said: str) -> None:
    assert size(number) == said


def test_a_list_ends_with_and() -> None:
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


@pytest.mark.parametrize("words", ["one two three four", "/sys/fs/cgroup/memory/memory.limit_in_bytes", "WWWWWWWWWWWW"])
def test_lines_keep_to_the_room_and_lose_nothing(words: str) -> None:
    lines = wrap(words, 60, 12)
    assert all(width(line, 12) <= 60 for line in lines)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")
    assert len(lines) > 1
