"""What the text points at: what each rule finds after one change."""

from __future__ import annotations

import pytest

from tests.unit.authoring.conftest import PUSH, WEB, Case, Finds


@pytest.mark.parametrize(
    "case",
    [
        Case("link", WEB, "#serve-a-page", "#serve-it", "You start", "a heading that exists, found '#serve-it'"),
        Case(
            "link",
            WEB,
            "lab.md#send-it",
            "lab.md#sent",
            "You start",
            "a heading that exists, found '../02-push-it/lab.md#sent'",
        ),
        Case(
            "link",
            WEB,
            "../02-push-it",
            "../03-push-it",
            "You start",
            "a file that exists, found '../03-push-it/lab.md#send-it'",
        ),
        Case(
            "link",
            WEB,
            "(https://docs.docker.com)",
            "()",
            "There is more",
            "an address, or a path from the lab's folder, found ''",
        ),
        Case(
            "link",
            WEB,
            "(https://docs.docker.com)",
            "(/labs/01-web)",
            "There is more",
            "a path from the lab's folder, found '/labs/01-web'",
        ),
        Case(
            "link",
            WEB,
            "(https://docs.docker.com)",
            "[docs]",
            "There is more",
            "a link that is defined, found [Docker][docs]",
        ),
        Case("link", WEB, "(page.svg)", "(pages.svg)", "![A page", "a file that exists, found 'pages.svg'"),
        Case(
            "name",
            WEB,
            "labrunner start web",
            "labrunner start webs",
            "`labrunner start",
            "a lab or a step that exists, found webs",
        ),
        Case("name", PUSH, "push-it/build`", "web/build`", "See `", "a lab or a step that exists, found web/build"),
        Case("name", PUSH, "push-it/build`", "step3`", "See `", "a lab or a step that exists, found step3"),
    ],
)
def test_mistake_is_found(finds: Finds, case: Case) -> None:
    """With its line, and what was expected."""
    assert case.says in finds(case)
