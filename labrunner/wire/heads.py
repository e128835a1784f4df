"""The heads of HTTP/1.1 requests and responses, read from bytes and written to bytes (RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

#: The most bytes that a head may have: a build's labels and arguments travel in its request line.
MAX_HEAD = 256 << 10
END = b"\r\n\r\n"
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(rb"HTTP/1\.[01]")
_LENGTH = re.compile(r"[0-9]{1,18}")
_STATUS = range(100, 600)


class WireError(Exception):
    """What arrived is not what the framing allows; the message says what was expected and what was found."""


@dataclass(frozen=True)
class Headers:
    """Header fields in their order; a name is compared without regard to case, and written as it came."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """The value of a field; of several ones joined by commas."""
        values = [value for known, value in self.fields if known.lower() == name.lower()]
        return ", ".join(values) if values else None

    def words(self, name: str) -> frozenset[str]:
        """The comma-separated words of a field, in lower case."""
        return frozenset(word.strip().lower() for word in (self.get(name) or "").split(",") if word.strip())

    def without(self, *names: str) -> Headers:
        """The same fields but those."""
        dropped = {name.lower() for name in names}
        return Headers(tuple(field for field in self.fields if field[0].lower() not in dropped))

    def having(self, name: str, value: str) -> Headers:
        """The same fields, with this one in place of any others of its name."""
        return Headers((*self.without(name).fields, (name, value)))


@dataclass(frozen=True)
class _Head:
    headers: Headers

    def length(self) -> int | None:
        """The Content-Length in bytes; None where there is none. WireError where it is no number, or several."""
        said = self.headers.get("Content-Length")
        if said is None:
            return None
        values = {value.strip() for value in said.split(",")}
        if len(values) != 1 or not _LENGTH.fullmatch(value := values.pop()):
            raise WireError(f"a Content-Length of digits was expected, and {said!r} was found")
        return int(value)

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return "chunked" in self.headers.words("Transfer-Encoding")

    def with_headers(self, headers: Headers) -> Self:
        """The same head with other fields."""
        return replace(self, headers=headers)

    def _lines(self, first: str) -> bytes:
        lines = [first, *(f"{name}: {value}" for name, value in self.headers.fields)]
        return "\r\n".join(lines).encode("latin-1") + END


@dataclass(frozen=True)
class RequestHead(_Head):
    """A request's line and fields; ``target`` is as it came, for example ``/v1.41/containers/json?all=1``."""

    method: str
    target: str

    @classmethod
    def parse(cls, head: bytes) -> RequestHead:
        """From the bytes before the empty line."""
        line, headers = _parse(head)
        words = line.split(b" ")
        if len(words) != 3 or not _TOKEN.fullmatch(words[0]) or not _VERSION.fullmatch(words[2]):  # noqa: PLR2004
            raise WireError(f"METHOD TARGET HTTP/1.1 was expected, and {_shown(line)} was found")
        return cls(headers, words[0].decode(), words[1].decode("latin-1"))

    def serialise(self) -> bytes:
        """As bytes with the empty line."""
        return self._lines(f"{self.method} {self.target} HTTP/1.1")


@dataclass(frozen=True)
class ResponseHead(_Head):
    """A response's status line and fields."""

    status: int
    reason: str

    @classmethod
    def parse(cls, head: bytes) -> ResponseHead:
        """From the bytes before the empty line."""
        line, headers = _parse(head)
        version, _, rest = line.partition(b" ")
        status, _, reason = rest.partition(b" ")
        if not _VERSION.fullmatch(version) or not status.isdigit() or int(status) not in _STATUS:
            raise WireError(f"HTTP/1.1 STATUS REASON was expected, and {_shown(line)} was found")
        return cls(headers, int(status), reason.decode("latin-1"))

    def serialise(self) -> bytes:
        """As bytes with the empty line."""
        return self._lines(f"HTTP/1.1 {self.status} {self.reason}")


def head_end(received: bytes | bytearray, limit: int = MAX_HEAD) -> int | None:
    """How many bytes the head takes with its empty line; None where more must come. WireError over ``limit`` bytes."""
    end = received.find(END)
    taken = len(received) if end < 0 else end + len(END)
    if taken > limit:
        raise WireError(f"a head of at most {limit} bytes was expected, and {taken} were found")
    return None if end < 0 else taken


def _parse(head: bytes) -> tuple[bytes, Headers]:
    line, *rows = head.removesuffix(END).split(b"\r\n")
    return line, Headers(tuple(_fields(rows)))


def _fields(rows: Iterable[bytes]) -> Iterable[tuple[str, str]]:
    for row in rows:
        name, colon, value = row.partition(b":")
        if not colon or not _TOKEN.fullmatch(name) or b"\n" in value or b"\r" in value or b"\0" in value:
            raise WireError(f"NAME: VALUE was expected, and {_shown(row)} was found")
        yield name.decode(), value.strip(b" \t").decode("latin-1")


def _shown(line: bytes) -> str:
    return repr(line[:60].decode("latin-1"))
