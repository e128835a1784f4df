"""The words of a check: requiring, and fetching pages from real servers."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.objects import Container
from labrunner.engine.web import Page, fetch
from labrunner.verify import checking
from labrunner.verify.checking import NotDone, answered_by, fetch_from, require
from tests.unit.builders import a_container
from tests.unit.conftest import Serve
from tests.unit.servers import Reply, Request

WEB = a_container("web", started=datetime(2024, 1, 1, tzinfo=UTC))


def young(seconds: float = 3600) -> Container:
    """A container that stays young for this long."""
    return replace(WEB, started=datetime.now(UTC) + timedelta(seconds=seconds - checking.YOUNG_SECONDS))


@pytest.mark.parametrize("condition", [True, 1, "text", [0]])
def test_what_holds_is_required_in_silence(condition: object) -> None:
    """Anything that is true."""
    require(condition, "never said")


@pytest.mark.parametrize("condition", [False, 0, "", None, []])
def test_what_does_not_hold_is_not_done_with_reason_and_next(condition: object) -> None:
    """Anything that is not."""
    with pytest.raises(NotDone, match="no page") as caught:
        require(condition, "no page", next="docker run nginx")
    assert caught.value.next == "docker run nginx"


def test_young_container_is_asked_again_until_it_answers(serve: Serve) -> None:
    """A server hangs up while it starts."""
    answers = itertools.chain([None, None], itertools.repeat(Reply(b"up")))
    server = serve(lambda _: next(answers))
    assert fetch_from(young(), server.url, headers={"X-Who": "check"}).text == "up"
    assert [request.headers["x-who"] for request in server.requests] == ["check"] * 3


@pytest.mark.parametrize("started", [WEB.started, None])
def test_old_container_that_does_not_answer_in_http_is_not_done(serve: Serve, started: datetime | None) -> None:
    """Asked once; the reason names the address, the way on is its log."""
    server = serve(lambda _: None)
    with pytest.raises(NotDone, match=f"{server.url}/x was asked for, and nothing answers there in HTTP") as caught:
        fetch_from(replace(WEB, started=started), f"{server.url}/x")
    assert caught.value.next == "docker container logs web"
    assert len(server.requests) == 1


def test_container_that_grows_old_without_an_answer_is_not_done(silent_port: int) -> None:
    """The patience has an end."""
    with pytest.raises(NotDone, match="refused"):
        fetch_from(young(0.2), f"http://127.0.0.1:{silent_port}/")


def test_young_container_is_asked_no_more_where_that_is_hopeless(serve: Serve) -> None:
    """As the check finds after a try that failed."""
    server = serve(lambda _: None)

    def hopeless() -> None:
        raise NotDone("it listens on its loopback address only")

    with pytest.raises(NotDone, match="loopback"):
        fetch_from(young(), server.url, give_up=hopeless)
    assert len(server.requests) == 1


class Logged:
    """A web server and an engine that shows its log: what ``log`` makes of each asked-for query."""

    def __init__(self, serve: Serve, place: Path, *, after: int = 0, line: str = "GET /?{query}") -> None:
        self.lines = ["started"]
        self.after = after
        self.line = line
        self.web = serve(self._page)
        self.engine = Engine(serve(self._log, place).host)
        self.asked = 0

    def ask(self, query: str) -> Page:
        """Get the page with this query."""
        return fetch(f"{self.web.url}/?{query}")

    def _page(self, request: Request) -> Reply:
        (query,) = request.query.items()
        if self.line:
            self.lines.append(self.line.format(query="=".join(query)))
        return Reply(b"hello")

    def _log(self, request: Request) -> Reply:
        assert request.path == f"/v1.41/containers/{WEB.id}/logs"
        self.asked += 1
        shown = self.lines if self.asked > self.after + 1 else self.lines[:1]
        text = "\n".join(shown).encode()
        return Reply(b"\x01\0\0\0" + len(text).to_bytes(4, "big") + text)


@pytest.mark.parametrize("line", ["GET /?{query}", "connection accepted"])
def test_answer_is_the_containers_own_where_its_log_shows_the_request(
    serve: Serve, socket_folder: Path, line: str
) -> None:
    """By the request's own query, or, from a server that logs connections only, by a log that has grown."""
    logged = Logged(serve, socket_folder / "engine.sock", line=line)
    assert answered_by(logged.engine, WEB, logged.ask).text == "hello"


def test_log_that_follows_late_is_waited_for(
    serve: Serve, socket_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's log is some milliseconds behind the container."""
    monkeypatch.setattr(checking, "_LOG_SECONDS", 60)
    logged = Logged(serve, socket_folder / "engine.sock", after=3)
    assert answered_by(logged.engine, WEB, logged.ask).text == "hello"
    assert logged.asked == 5


def test_answer_of_another_server_is_not_done(
    serve: Serve, socket_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger listens on the port: an answer came, and the container's log knows nothing of it."""
    monkeypatch.setattr(checking, "_LOG_SECONDS", 0.2)
    logged = Logged(serve, socket_folder / "engine.sock", line="")
    with pytest.raises(NotDone, match="an answer came, but not from the container web") as caught:
        answered_by(logged.engine, WEB, logged.ask)
    assert caught.value.next == "docker container ls"


def test_each_question_is_one_that_no_one_else_asks(serve: Serve, socket_folder: Path) -> None:
    """Otherwise the trace of an earlier one would do."""
    logged = Logged(serve, socket_folder / "engine.sock")
    for _ in range(2):
        answered_by(logged.engine, WEB, logged.ask)
    first, second = (request.query["labrunner"] for request in logged.web.requests)
    assert first != second
