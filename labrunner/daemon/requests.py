"""A request as routes see it, and Docker's way to read a query: what is a yes, a number, a filter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from labrunner.daemon.errors import ApiError, bad_request

_T = TypeVar("_T")
#: What does not count as yes (moby's httputils.BoolValue).
_NO = frozenset({"", "0", "no", "false", "none"})
#: The most bytes of a JSON body.
MAX_JSON = 4 << 20


@dataclass(frozen=True)
class Request:
    """A request without its socket. ``path`` has no version; ``body`` is the JSON's bytes, ``pieces`` a longer body."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, Sequence[str]]
    version: tuple[int, int]
    content_type: str = ""
    body: bytes = b""
    pieces: AsyncIterator[bytes] | None = None

    def text(self, name: str) -> str:
        """A parameter; empty where it is not given."""
        return next(iter(self.query.get(name, ())), "")

    def query_all(self, name: str) -> Sequence[str]:
        """All values of a parameter that may be given more than once."""
        return self.query.get(name, ())

    def yes(self, name: str, *, default: bool = False) -> bool:
        """A parameter as a boolean."""
        return self.text(name).strip().lower() not in _NO if name in self.query else default

    def number(self, name: str) -> int | None:
        """A parameter as a number; None where it is not given. ApiError where it is none."""
        value = self.text(name)
        if not value:
            return None
        try:
            return int(value)
        except ValueError:
            raise _no_number(value) from None

    def filters(self, known: frozenset[str]) -> dict[str, tuple[str, ...]]:
        """The parameter ``filters``: name to values. ApiError for what is no filter, or none of the known ones."""
        value = self.text("filters")
        if not value:
            return {}
        try:
            # {"status": ["running"]}, and from old clients {"status": {"running": true}}
            read = msgspec.json.decode(value, type=dict[str, list[str] | dict[str, bool]])
        except msgspec.MsgspecError as error:
            raise bad_request(f"invalid filter: {error}") from None
        for name in read:
            if name not in known:
                raise bad_request(f"invalid filter '{name}'")
        return {
            name: tuple(values if isinstance(values, list) else (key for key, on in values.items() if on))
            for name, values in read.items()
        }

    def json(self, kind: type[_T]) -> _T:
        """The body as a typed value; a null counts as not given, as in Go. ApiError where it is none."""
        if self.content_type.partition(";")[0].strip().lower() != "application/json":
            raise bad_request(f"Content-Type specified ({self.content_type}) must be 'application/json'")
        if not self.body.strip():
            raise bad_request("invalid JSON: got EOF while reading request body")
        try:
            return msgspec.convert(without_nulls(msgspec.json.decode(self.body)), kind)
        except msgspec.MsgspecError as error:
            raise bad_request(f"invalid JSON: {error}") from None

    def json_if_any(self, kind: type[_T], default: _T) -> _T:
        """The body as a typed value; the default where there is none."""
        return default if self.body.strip() in {b"", b"null"} else self.json(kind)


def without_nulls(value: object) -> object:
    """The same without what is null, which Go counts as not given."""
    if isinstance(value, dict):
        return {key: without_nulls(part) for key, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


def _no_number(value: str) -> ApiError:
    return bad_request(f'strconv.Atoi: parsing "{value}": invalid syntax')
