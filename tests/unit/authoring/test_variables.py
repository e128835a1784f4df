"""What a front matter declares: what each rule finds after one change."""

from __future__ import annotations

import pytest

from tests.unit.authoring.conftest import PUSH, WEB, Case, Finds


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "variable-unused",
            WEB,
            "web: site}",
            "web: site, db: mongo}",
            "vars:",
            "db in the text or in the checks, found it in neither",
        ),
        Case(
            "variable-unused",
            WEB,
            "web: site}",
            'web: site, db_port: "8081"}',
            "vars:",
            "db_port in the text or in the checks",
        ),
        Case(
            "variable-unused",
            WEB,
            "{SITE_ID: serve/container}",
            "{SITE_ID: serve/container, SITE: serve/container}",
            "ids:",
            "SITE in a command or an answer of the solution, found it in none",
        ),
        Case(
            "secret",
            PUSH,
            "```bash run secret=password",
            "```bash run",
            "secrets:",
            "the secret password behind a fence's language",
        ),
        Case(
            "secret",
            PUSH,
            "secrets: {password: auth/htpasswd}\n",
            "",
            "```bash run secret",
            "password in 'secrets', found it nowhere",
        ),
    ],
)
def test_mistake_is_found(finds: Finds, case: Case) -> None:
    """With its line, and what was expected."""
    assert case.says in finds(case)
