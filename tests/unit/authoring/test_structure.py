"""How a lab is laid out: what each rule finds after one change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.authoring.conftest import WEB, Case, Finds, Found


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "title",
            WEB,
            "# A web server\n",
            "# A server\n",
            "# A server",
            "one heading '# A web server', found 'A server'",
        ),
        Case("title", WEB, "# A web server\n", "", "title:", "one heading '# A web server', found none"),
        Case("title", WEB, "minutes: 5", "minutes: -1", "minutes:", "at least 1 minute, found -1"),
        Case(
            "heading",
            WEB,
            "## Stop it",
            "## Serve a page",
            "## Serve a page\n\n```bash run\ndocker container stop",
            "no other step has, found 'Serve a page' on line 21 too",
        ),
        Case(
            "heading",
            WEB,
            "### In other words",
            "#### In other words",
            "#### In",
            "at most '###' below '##', found '####'",
        ),
        Case(
            "markup",
            WEB,
            "Do it in",
            "Do <CONTAINER ID> in",
            "Do <",
            "Markdown, found HTML, which terminals do not show: <CONTAINER ID>",
        ),
        Case(
            "markup",
            WEB,
            "Do it in",
            "<div>\nhidden\n</div>\n\nDo it in",
            "<div>",
            "found HTML, which terminals do not show: <div>",
        ),
        Case(
            "markup",
            WEB,
            "Do it in",
            "% a comment\n\nDo it in",
            "% a",
            "found a comment, which GitHub shows as text: % a comment",
        ),
        Case(
            "markup",
            WEB,
            "Do it in",
            ":::{note}\nDo it in",
            ":::",
            "found a directive, which GitHub shows as text: :::{note}",
        ),
    ],
)
def test_mistake_is_found(finds: Finds, case: Case) -> None:
    """With its line, and what was expected."""
    assert case.says in finds(case)


def test_lab_with_another_ones_number_is_found(found: Found, course: Path) -> None:
    """Nobody would know which of the two comes first."""
    (course / "labs/02-push-it").rename(course / "labs/01-push-it")
    expected = "expected a number and a name that no other lab has, found those of 01-push-it too"
    assert ("lab", 1, expected) in found("web")
