"""Hints, and words for pictures: what each rule finds after one change."""

from __future__ import annotations

import pytest

from tests.unit.authoring.conftest import WEB, Case, Finds

EXACT = "Type `docker container run --detach --publish 8080:80 --name site nginx`."


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "hints",
            WEB,
            "<details><summary>Hint</summary>\n\nThe port of the host comes first.\n\n</details>\n\n",
            "",
            "Type `docker container run",
            "at least 2 hints in serve, found 1",
        ),
        Case(
            "hints",
            WEB,
            "<details><summary>Hint</summary>\n\nThe port of the host comes first.",
            "<details><summary>Hint</summary>",
            "Type `docker container run",
            "words in each hint of serve, found none in one",
        ),
        Case(
            "hints",
            WEB,
            "The port of the host comes first.",
            "`docker container run --detach --publish 8080:80 --name site nginx`",
            "`docker co",
            "a vague first hint in serve, found the whole command",
        ),
        Case(
            "hints",
            WEB,
            EXACT,
            f"{EXACT}\n\n</details>\n\n<details><summary>Hint</summary>\n\nThat was it.",
            "The port of the host",
            "the last hint of serve to be the most exact, found more of the solution in another",
        ),
        Case(
            "alt-text",
            WEB,
            '![A page with the words "Welcome to nginx"]',
            "![ ]",
            "![",
            "what the picture page.svg shows, found ' '",
        ),
        Case(
            "alt-text",
            WEB,
            '![A page with the words "Welcome to nginx"]',
            "![page.svg]",
            "![",
            "page.svg shows, found 'page.svg'",
        ),
        Case("alt-text", WEB, "Do it in", "<img src='page.svg'>\n\nDo it in", "<img", "page.svg shows, found nothing"),
    ],
)
def test_mistake_is_found(finds: Finds, case: Case) -> None:
    """With its line, and what was expected."""
    assert case.says in finds(case)
