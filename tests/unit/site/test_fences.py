"""A lab's fences on a page: each behind a label that says what the reader does with it."""

from __future__ import annotations

import pytest

from labrunner.site.fences import labelled


@pytest.mark.parametrize(
    ("info", "label"),
    [
        ("bash run", "Type"),
        ("bash run term=second", "Type in the terminal <code>second</code>"),
        ("text shows", "You see"),
        ("yaml file=app.yaml", "The file <code>app.yaml</code>"),
        ("bash aside", "Only where it concerns you"),
    ],
)
def test_label_says_what_to_do(info: str, label: str) -> None:
    page = labelled(f"Before\n\n```{info}\nsome < words\n```\n\nafter")
    assert f'<p class="lab-label">{label}</p>' in page
    language = "text" if "shows" in info else info.split(maxsplit=1)[0]
    assert f"\n```{language}\nsome < words\n```\n" in page
    assert page.startswith("Before\n") and page.endswith("\nafter")  # noqa: PT018 - one text


def test_fence_without_words_stays() -> None:
    text = "```python\nx = 1\n```"
    assert labelled(text) == text


def test_fence_within_content_does_not_end_it() -> None:
    assert "\n````text\n```\ninner\n```\n````\n" in labelled("````text shows\n```\ninner\n```\n````")
