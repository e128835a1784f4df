"""Images that a lab starts from: what each rule finds after one change."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from labrunner.authoring.lint import lint
from labrunner.authoring.source import read_course
from tests.unit.authoring.conftest import PUSH, WEB, Case, Change, Finds, Found

TABLE = "images/support.yaml"


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "image-unused",
            WEB,
            "[nginx:latest]",
            '[nginx:latest, "registry:2"]',
            "images:",
            "an image that the solution names, found registry:2",
        ),
        Case(
            "image-unknown",
            WEB,
            "[nginx:latest]",
            '[nginx:latest, "nginx:1"]',
            "images:",
            "an image that images/support.yaml has, found nginx:1",
        ),
        Case(
            "image-unknown",
            PUSH,
            "FROM python:3-alpine",
            "FROM alpine",
            "images:",
            "alpine, from which build builds, among 'images'",
        ),
    ],
)
def test_mistake_is_found(finds: Finds, case: Case) -> None:
    """With its line, and what was expected."""
    assert case.says in finds(case)


@pytest.mark.parametrize(("day", "ended"), [(date(2025, 7, 9), False), (date(2025, 7, 10), True)])
def test_support_ends_on_its_day(course: Path, day: date, *, ended: bool) -> None:
    """An image that is kept up to date never ends."""
    source = read_course(course / "labs", course / "checks", course / "images", day)
    found = [finding.about for finding in lint(source) if finding.rule == "image-age"]
    assert found == (["registry:2"] if ended else [])


def test_image_for_one_architecture_is_found(found: Found, change: Change) -> None:
    """Other machines would have to emulate it."""
    change(
        TABLE,
        "nginx:latest: {until: null, architectures: [amd64, arm64]",
        "nginx:latest: {until: null, architectures: [amd64]",
    )
    assert found("web") == [
        ("image-architecture", 4, "expected an image for amd64 and arm64, found nginx:latest, which is for amd64 only")
    ]
