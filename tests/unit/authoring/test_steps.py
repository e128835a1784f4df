"""How steps build on each other: what each rule finds after one change."""

from __future__ import annotations

import pytest

from tests.unit.authoring.conftest import PUSH, WEB, Case, Finds


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "step-empty",
            WEB,
            "```bash run\ndocker container stop SITE_ID",
            "```bash aside\ndocker container stop SITE_ID",
            "## Stop it",
            "something to do or to answer in stop, found neither",
        ),
        Case(
            "needs",
            PUSH,
            "web/stop]",
            "web/stop, web/serve]",
            "  send:",
            "send to need what still holds, found web/serve, which ends with web/stop",
        ),
        Case(
            "placeholder",
            WEB,
            "serve/container",
            "serve/id",
            "ids:",
            "what the checks of web/serve record (container), found id",
        ),
        Case(
            "placeholder",
            WEB,
            "```bash run\ndocker container stop SITE_ID",
            "```bash run\ndocker container stop WEB_ID",
            "```bash run\ndocker container stop",
            "WEB_ID in 'ids', found it nowhere",
        ),
        Case(
            "filled",
            WEB,
            "  stop: {needs: [serve]}",
            "  stop: {}",
            "```bash run\ndocker container stop",
            "stop to need web/serve, which fills in SITE_ID, found that it does not",
        ),
        Case("filled", WEB, "needs: [serve], ask", "ask", "  id:", "id to need web/serve, which fills in SITE_ID"),
    ],
)
def test_mistake_is_found(finds: Finds, case: Case) -> None:
    """With its line, and what was expected."""
    assert case.says in finds(case)
