"""Listen to a page: what it complains of, and whom it asks."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Page, Request

_HERE = {"127.0.0.1", "localhost", "::1"}
#: Nobody is asked for these.
_LOCAL = {"about", "blob", "chrome-error", "data", "file"}


class Watch:
    """The complaints of the pages that it listens to: console errors, uncaught errors, requests to another host."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._known: list[re.Pattern[str]] = []

    def listen(self, page: Page) -> None:
        """Hear the page from now on."""
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("request", self._request)

    def expect(self, pattern: str) -> None:
        """Hear no complaint in which the pattern is found: it is none of ours. Say why where this is called."""
        self._known.append(re.compile(pattern))

    @property
    def complaints(self) -> list[str]:
        """What was heard and is not expected, in order."""
        return [said for said in self._heard if not any(known.search(said) for known in self._known)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._heard.append(f"console: {message.text} ({message.location['url']})")

    def _error(self, error: Error) -> None:
        self._heard.append(f"uncaught: {error.message}")

    def _request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in _LOCAL and url.hostname not in _HERE:
            self._heard.append(f"another host: {request.url}")
