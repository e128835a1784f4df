"""Image references, read once at the edge."""

from __future__ import annotations

import pytest

from labrunner.daemon.errors import ApiError
from labrunner.daemon.references import parse, parse_pair

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ubuntu", "ubuntu:latest"),
        ("ubuntu:22.04", "ubuntu:22.04"),
        ("docker.io/library/ubuntu", "ubuntu:latest"),
        ("docker.io/me/thing", "me/thing:latest"),
        ("localhost:5000/a/b_c:T-1", "localhost:5000/a/b_c:T-1"),
        ("Example.org/thing", "Example.org/thing:latest"),
        (f"ubuntu@{DIGEST}", f"ubuntu@{DIGEST}"),
    ],
)
def test_a_reference_is_shown_as_docker_shows_it(text: str, shown: str) -> None:
    assert str(parse(text)) == shown


@pytest.mark.parametrize("text", ["", ":x", "a b", "a:", "a/", "/a", "a@sha256:1", "a" * 300, "a" * 64 + ":!"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match="invalid reference format") as refused:
        parse(text)
    assert refused.value.status == 400


def test_an_upper_case_name_is_refused_with_the_reason() -> None:
    with pytest.raises(ApiError, match="repository name must be lowercase"):
        parse("UBUNTU")


def test_sixty_four_hexadecimal_digits_are_an_id_and_no_name() -> None:
    with pytest.raises(ApiError, match="cannot specify 64-byte hexadecimal strings"):
        parse("a" * 64)


def test_a_tag_that_is_none_is_refused() -> None:
    with pytest.raises(ApiError, match="invalid tag format"):
        parse_pair("ubuntu", "a b")
    assert str(parse_pair("ubuntu", "")) == "ubuntu:latest"
