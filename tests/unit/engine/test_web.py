"""Pages from real servers."""

from __future__ import annotations

import pytest

from labrunner.engine.web import fetch
from tests.unit.conftest import Serve
from tests.unit.servers import Reply


def test_page_is_what_the_server_answered(serve: Serve) -> None:
    """Status, headers and text, for path and query as they were given, with the asked-for headers."""
    server = serve(lambda _: Reply("grüß dich".encode(), 404, {"X-From": "here"}))
    page = fetch(f"{server.url}/a/b?x=1&y=2", headers={"Host": "example.org"})
    assert (page.status, page.headers["X-From"], page.text) == (404, "here", "grüß dich")
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("GET", "/a/b", {"x": "1", "y": "2"})
    assert request.headers["host"] == "example.org"


def test_address_without_a_path_means_the_root(serve: Serve) -> None:
    """As a browser has it."""
    server = serve(lambda _: Reply())
    fetch(server.url)
    assert server.requests[0].path == "/"


def test_redirection_is_an_answer_and_not_followed(serve: Serve) -> None:
    """A check looks at what this very address says."""
    server = serve(lambda _: Reply(status=302, headers={"Location": "/elsewhere"}))
    assert fetch(server.url).status == 302
    assert len(server.requests) == 1


def test_bytes_that_are_no_text_and_a_page_without_end_break_nothing(serve: Serve) -> None:
    """What is not UTF-8 is replaced; a mebibyte is read and no more."""
    server = serve(lambda _: Reply(b"\xff" + b"x" * (2 << 20)))
    assert fetch(server.url).text == "\ufffd" + "x" * ((1 << 20) - 1)


def test_nothing_that_listens_is_an_oserror(silent_port: int) -> None:
    """The caller says what that means."""
    with pytest.raises(OSError, match="refused"):
        fetch(f"http://127.0.0.1:{silent_port}/")
