"""A call as the rules see it, and what the scope may do with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

_VERSION = re.compile(r"(/v\d+(?:\.\d+)+)?(/.*)", re.DOTALL)
_TRUE = {"1", "t", "true", "yes", "y", "on"}
_BAD_REQUEST = 400


class Refused(Exception):  # noqa: N818 - what the scope says, not a mistake of its own
    """The scope does not pass a call on; the client shows ``message``, one sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Call:
    """Method, API version (``/v1.41``, or nothing), decoded path and query of a request."""

    method: str
    version: str
    path: str
    query: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, method: str, target: str) -> Call:
        """From a request line. Refused for a path that an engine could read in two ways."""
        written, _, query = target.partition("?")
        match = _VERSION.fullmatch(unquote(written))
        path = match[2] if match else ""
        if match is None or any(step in {"", ".", ".."} for step in path[1:].split("/")):
            raise Refused(_BAD_REQUEST, f"a path of the Docker API was expected, and {target[:80]!r} was found")
        return cls(method, match[1] or "", path, tuple(parse_qsl(query, keep_blank_values=True)))

    @property
    def target(self) -> str:
        """The call as a request line has it."""
        path = self.version + quote(self.path, safe="/:@+~!$&'()*,;=")
        return f"{path}?{urlencode(self.query)}" if self.query else path

    def value(self, name: str) -> str:
        """The first value of a query's parameter; empty where there is none."""
        return next((value for known, value in self.query if known == name), "")

    def values(self, name: str) -> tuple[str, ...]:
        """All values of a query's parameter."""
        return tuple(value for known, value in self.query if known == name)

    def flag(self, name: str) -> bool:
        """Whether a parameter is set to true."""
        return self.value(name).lower() in _TRUE

    def having(self, name: str, *values: str) -> Call:
        """The same call with these values of a parameter."""
        kept = [pair for pair in self.query if pair[0] != name]
        return replace(self, query=(*kept, *((name, value) for value in values)))

    def at(self, path: str) -> Call:
        """The same call on another path."""
        return replace(self, path=path)

    def since(self, major: int, minor: int) -> bool:
        """Whether the call is of that version of the API or a later one; one without a version is of the latest."""
        if not self.version:
            return True
        return tuple(int(part) for part in self.version[2:].split(".")[:2]) >= (major, minor)


@dataclass(frozen=True)
class Answer:
    """The scope answers by itself."""

    data: object
    status: int = 200


@dataclass(frozen=True)
class Pass:
    """The call goes to the engine, and its answer back untouched."""

    call: Call
    body: bytes | None = None  # in place of the client's; None leaves that as it comes


@dataclass(frozen=True)
class Record(Pass):
    """As Pass, and ``made`` sees the JSON of a successful answer before the client does.

    ``refused`` is called where the engine does not do it, and ``told`` once the client has the answer.
    """

    made: Callable[[Any], None] = lambda _: None
    refused: Callable[[], None] = lambda: None
    told: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Watch(Pass):
    """As Pass, and ``seen`` gets each JSON value of a streamed answer before the client does.

    ``ended`` is called before the client can know that the answer is complete, or once the client has gone; it gives
    sentences to add as errors.
    """

    seen: Callable[[Any], None] = lambda _: None
    ended: Callable[[], Iterable[str]] = tuple


@dataclass(frozen=True)
class Hijack(Pass):
    """The connection becomes a stream of both sides once the engine agrees.

    ``sent`` and ``received`` change or see the bytes of each direction from then on.
    """

    sent: Callable[[bytes], bytes] | None = None
    received: Callable[[bytes], bytes] | None = None


Plan = Answer | Pass
