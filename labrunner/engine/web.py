"""Fetch one page over plain HTTP, as a browser would ask for it."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Page:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    text: str


def fetch(url: str, *, headers: Mapping[str, str] | None = None, timeout: float = 5.0) -> Page:
    """GET ``url``, follow nothing. OSError or HTTPException where nothing answers in HTTP."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "localhost", parts.port or 80, timeout=timeout)
    try:
        connection.request(
            "GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=headers or {}
        )
        answer = connection.getresponse()
        return Page(answer.status, dict(answer.getheaders()), answer.read(1 << 20).decode(errors="replace"))
    finally:
        connection.close()
