"""Paths, versions and queries, as Docker's clients write them."""

from __future__ import annotations

import pytest

from labrunner.daemon import versions
from labrunner.daemon.errors import ApiError
from labrunner.daemon.requests import Request
from labrunner.daemon.routes import table
from labrunner.daemon.shapes import CreateBody


def asked(body: bytes = b"", content_type: str = "application/json", **query: str) -> Request:
    return Request(
        method="POST",
        path=(),
        query={name: [value] for name, value in query.items()},
        version=(1, 45),
        content_type=content_type,
        body=body,
    )


def test_a_path_has_a_version_or_the_newest() -> None:
    assert versions.split(("v1.41", "info")) == ((1, 41), ("info",))
    assert versions.split(("info",)) == ((1, 45), ("info",))


@pytest.mark.parametrize(("version", "words"), [("v1.10", "is too old. Minimum"), ("v1.99", "is too new. Maximum")])
def test_a_version_that_is_not_served_is_refused_in_dockers_words(version: str, words: str) -> None:
    with pytest.raises(ApiError, match=words) as refused:
        versions.split((version, "info"))
    assert refused.value.status == 400


def test_a_name_may_have_slashes() -> None:
    _, name = table.find("GET", ("images", "localhost:5000", "a", "b:c", "json"))
    assert name == "localhost:5000/a/b:c"
    _, name = table.find("DELETE", ("images", "me", "thing"))
    assert name == "me/thing"


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("POST", ("session",), 501, "BuildKit: set DOCKER_BUILDKIT=0"),
        ("POST", ("grpc",), 501, "DOCKER_BUILDKIT=0"),
        ("POST", ("volumes", "create"), 501, "volumes"),
        ("POST", ("swarm", "init"), 501, "swarm"),
        ("GET", ("nosuch",), 404, "page not found"),
        ("GET", (), 404, "page not found"),
    ],
)
def test_what_is_not_served_is_said_in_one_sentence(
    method: str, path: tuple[str, ...], status: int, words: str
) -> None:
    with pytest.raises(ApiError, match=words) as refused:
        table.find(method, path)
    assert refused.value.status == status


@pytest.mark.parametrize("no", ["", "0", "no", "false", "none", "False"])
def test_what_docker_takes_for_no_is_no(no: str) -> None:
    assert not asked(all=no).yes("all")
    assert asked(all="1").yes("all")
    assert not asked().yes("all")


def test_filters_come_as_a_list_or_as_old_clients_send_them() -> None:
    known = frozenset({"status"})
    assert asked(filters='{"status":["a","b"]}').filters(known) == {"status": ("a", "b")}
    assert asked(filters='{"status":{"a":true,"b":false}}').filters(known) == {"status": ("a",)}


@pytest.mark.parametrize("filters", ["zz", '{"foo":["x"]}', "[]"])
def test_filters_that_make_no_sense_are_refused(filters: str) -> None:
    with pytest.raises(ApiError, match="invalid filter"):
        asked(filters=filters).filters(frozenset({"status"}))


def test_a_null_counts_as_not_given() -> None:
    body = asked(b'{"Image": "a", "Tty": null, "HostConfig": {"Memory": null}}').json(CreateBody)
    assert body == CreateBody(image="a")


@pytest.mark.parametrize("body", [b"", b"{x", b'{"Tty": "yes"}', b"[]"])
def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError, match="invalid JSON"):
        asked(body).json(CreateBody)


def test_a_body_of_another_type_is_refused() -> None:
    with pytest.raises(ApiError, match=r"Content-Type specified \(text/plain\) must be 'application/json'"):
        asked(b"{}", "text/plain").json(CreateBody)


def test_what_is_no_number_is_refused_in_gos_words() -> None:
    with pytest.raises(ApiError, match=r'strconv\.Atoi: parsing "x": invalid syntax'):
        asked(t="x").number("t")
