"""What looks like a mistake and is none."""

from __future__ import annotations

import pytest

from tests.unit.authoring.conftest import PUSH, WEB, Change, Found


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (WEB, "#serve-a-page", "lab.md#serve-a-page"),
        (WEB, "(https://docs.docker.com)", "(../02-push-it#files)"),
        (WEB, "(https://docs.docker.com)", "(mailto:somebody@example.org)"),
        (WEB, "labrunner start web", "labrunner check step2"),
        (WEB, "labrunner start web", "labrunner check --answer 80"),
        (WEB, "```bash aside\ndocker version\n```", "```dockerfile\nFROM nginx\n```"),
        (WEB, "## Stop it", "## Stop `it`"),
        (
            WEB,
            "One command ends it.",
            "`docker container run --detach` began it, `docker container stop --time 2` ends it.",
        ),
        (WEB, "docker container stop 3f0", "docker container stop site"),
        (WEB, "  stop: {needs: [serve]}", "  stop: {needs: [serve], until: push-it/send}"),
        (WEB, "SITE_ID\n```\n\n###", "SITE_ID\nexport MY_ID=5; echo $MY_ID\n```\n\n###"),
        (PUSH, "Write `Dockerfile`:", "Write the Dockerfile:"),
        (PUSH, "It goes to", "A students' registry: it goes to"),
        (PUSH, "FROM python:3-alpine", "FROM python:3-alpine AS one\nFROM scratch"),
    ],
)
def test_what_is_right_is_not_found(found: Found, change: Change, file: str, old: str, new: str) -> None:
    """Nothing but what was acknowledged before."""
    change(file, old, new)
    assert [row for row in found() if row[0] != "image-age"] == []
