"""The words a check is written in: ``step``, ``require``, ``blocked``, and fetching a page.

A check is a pytest test. Its docstring is the sentence the learner reads; it fails by ``require`` (the learner's work),
is blocked by ``blocked`` (something it builds on is missing), and anything else that it raises is the tool's own error.
"""

from __future__ import annotations

import http.client
import secrets
import time
from collections.abc import Callable, Mapping

import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.objects import Container
from labrunner.engine.web import Page, fetch

#: ``@step("nginx")`` says which step of its lab a check judges.
step = pytest.mark.step

#: A container younger than this many seconds may still be starting, so a check tries again until then.
YOUNG_SECONDS = 15.0
_POLL_SECONDS = 0.02
_LOG_SECONDS = 1.0


class NotDone(Exception):  # noqa: N818 - an outcome that a learner meets, not an error of the program
    """The learner's work is not what the step asks for."""

    def __init__(self, reason: str, next: str | None = None) -> None:  # noqa: A002 - the word of the JSON output
        super().__init__(reason)
        self.next = next


class Blocked(Exception):  # noqa: N818 - as above
    """Something that the check builds on is missing."""

    def __init__(self, reason: str, next: str | None = None) -> None:  # noqa: A002 - as above
        super().__init__(reason)
        self.next = next


def require(condition: object, reason: str, *, next: str | None = None) -> None:  # noqa: A002 - as above
    """FAILED with this reason and this next command unless the condition holds."""
    if not condition:
        raise NotDone(reason, next)


def fetch_from(
    container: Container,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    give_up: Callable[[], None] = lambda: None,
) -> Page:
    """GET ``url``; tries again while the container is young, then NotDone with what was found.

    ``give_up`` is called after each try that failed, and raises NotDone where another one is hopeless.
    """
    while True:
        try:
            return fetch(url, headers=headers)
        except (OSError, http.client.HTTPException) as error:
            give_up()
            if container.age > YOUNG_SECONDS:
                why = error
                break
        time.sleep(_POLL_SECONDS)  # a server that is starting says by nothing but its answer that it is up
    reason = f"{url} was asked for, and nothing answers there in HTTP ({why})"
    raise NotDone(reason, next=f"docker container logs {container.name}") from why


def answered_by(engine: Engine, container: Container, ask: Callable[[str], Page]) -> Page:
    """What ``ask`` gets, having seen in the container's log that this very container was asked.

    ``ask`` receives a query string that no one else uses. A server that logs requests shows it; one that logs
    connections only (mongod) has a log that grows by the connection.
    """
    query = f"labrunner={secrets.token_hex(8)}"
    before = engine.logs(container, tail=20)
    page = ask(query)
    deadline = time.monotonic() + _LOG_SECONDS
    while time.monotonic() < deadline:
        after = engine.logs(container, tail=20)
        if query in after or after != before:
            return page
        time.sleep(_POLL_SECONDS)  # the engine's log follows the container by some milliseconds
    raise NotDone(
        f"an answer came, but not from the container {container.name}: its log shows no request",
        next="docker container ls",
    )
