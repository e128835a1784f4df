"""Heads of requests and responses."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrunner.wire.heads import Headers, RequestHead, ResponseHead, WireError, head_end

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True)
VALUES = st.from_regex(r"([!-~]([ -~]{0,30}[!-~])?)?", fullmatch=True)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=8).map(lambda found: Headers(tuple(found)))
TARGETS = st.from_regex(r"/[!-~]{0,40}", fullmatch=True)


@given(st.sampled_from(["GET", "POST", "DELETE"]), TARGETS, FIELDS)
def test_request_is_read_as_it_was_written(method: str, target: str, headers: Headers) -> None:
    head = RequestHead(headers, method, target)
    assert RequestHead.parse(head.serialise()) == head


@given(st.integers(100, 599), VALUES, FIELDS)
def test_response_is_read_as_it_was_written(status: int, reason: str, headers: Headers) -> None:
    head = ResponseHead(headers, status, reason)
    assert ResponseHead.parse(head.serialise()) == head


@given(st.binary(max_size=200))
def test_any_bytes_are_a_head_or_refused(noise: bytes) -> None:
    """There is no third way out."""
    for parse in (RequestHead.parse, ResponseHead.parse):
        with suppress(WireError):
            assert parse(noise).serialise()


@pytest.mark.parametrize(
    "line",
    [b"GET /", b"GET / HTTP/2.0", b"GE T / HTTP/1.1", b"GET / HTTP/1.1\r\nX : 1", b"GET / HTTP/1.1\r\n folded", b""],
)
def test_malformed_heads_are_refused(line: bytes) -> None:
    with pytest.raises(WireError, match="was found"):
        RequestHead.parse(line)


def test_head_ends_at_its_empty_line_and_is_bounded() -> None:
    assert head_end(b"GET / HTTP/1.1\r\n") is None
    assert head_end(b"GET / HTTP/1.1\r\n\r\nbody") == 18
    with pytest.raises(WireError, match="at most 10 bytes was expected, and 18 were found"):
        head_end(b"GET / HTTP/1.1\r\n\r\nbody", limit=10)


@pytest.mark.parametrize("length", ["x", "-1", "1, 2", "+5", "9" * 30])
def test_length_that_is_no_number_is_refused(length: str) -> None:
    with pytest.raises(WireError, match="Content-Length"):
        RequestHead(Headers((("Content-Length", length),)), "GET", "/").length()


def test_header_names_have_no_case_and_words_are_split() -> None:
    headers = Headers((("connection", "Upgrade, keep-alive"), ("X", "1")))
    assert headers.words("Connection") == {"upgrade", "keep-alive"}
    assert headers.without("CONNECTION").fields == (("X", "1"),)
    assert headers.having("x", "2").get("X") == "2"
