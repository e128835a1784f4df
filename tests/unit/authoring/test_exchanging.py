"""Values that are exchanged: what each rule finds after one change."""

from __future__ import annotations

import pytest

from tests.unit.authoring.conftest import PUSH, WEB, Case, Change, Finds, Found


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "variable-ambiguous",
            WEB,
            "web: site}",
            'web: "8080"}',
            "vars:",
            "a value that no other variable has, found 8080, which is web's too",
        ),
        Case(
            "variable-ambiguous",
            WEB,
            "--publish 8080:80 --name site nginx\n```",
            "--publish 8080:8080 --name site nginx\n```",
            "vars:",
            "a value that is no container's port, found 8080",
        ),
        Case(
            "variable-ambiguous",
            PUSH,
            "It goes to",
            "A student pushes it to",
            "A student",
            "student, the value of user, as code only, found it as a word",
        ),
        Case(
            "variable-literal",
            PUSH,
            "It goes to a registry.",
            "See port 8080.",
            "See port",
            "web_port in 'vars', found its value 8080",
        ),
        Case(
            "variable-literal",
            WEB,
            "Do it in",
            "Do `docker stop site-8080` in",
            "Do `",
            "web_port as a word of its own, found its value 8080",
        ),
        Case(
            "variable-ambiguous",
            WEB,
            "--publish 8080:80 --name site nginx\n```",
            "--publish 127.0.0.1:8080:8080 --name site nginx\n```",
            "vars:",
            "a value that is no container's port, found 8080",
        ),
    ],
)
def test_mistake_is_found(finds: Finds, case: Case) -> None:
    """With its line, and what was expected."""
    assert case.says in finds(case)


def test_user_that_is_called_like_an_image_is_found(found: Found, change: Change) -> None:
    """Else the image's name would be exchanged with the user's."""
    change(PUSH, 'images: ["python:3-alpine", ', 'images: ["student/python:3-alpine", "python:3-alpine", ')
    assert [says for rule, _, says in found() if rule == "variable-ambiguous"] == [
        "expected for user a value that names no image, found student, as in student/python:3-alpine"
    ]


def test_variable_has_the_same_value_in_all_labs(found: Found, change: Change) -> None:
    """They share it by its name."""
    change(PUSH, 'registry_port: "5055"', 'registry_port: "5055", web_port: "8088"')
    assert "expected for web_port the value that it has in web, 8080, found 8088" in [says for _, _, says in found()]
