"""BuildKit's gRPC behind ``POST /grpc``: builds are labelled, a stranger's name is kept, a prune matches nothing.

The messages: control.proto and gateway.proto of moby/buildkit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import hpack

from labrunner.engine.references import familiar
from labrunner.proxy.call import Call, Hijack, Plan, Refused
from labrunner.proxy.inventory import Inventory
from labrunner.proxy.scope import Scope
from labrunner.wire.heads import WireError
from labrunner.wire.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    MAX_PAYLOAD,
    PREFACE,
    Frame,
    Frames,
)
from labrunner.wire.protobuf import field, fields, pair

_SOLVE = "/moby.buildkit.v1.Control/Solve"
_GATEWAY_SOLVE = "/moby.buildkit.v1.frontend.LLBBridge/Solve"
_PRUNE = "/moby.buildkit.v1.Control/Prune"
#: Of a Solve: the fields with the frontend's name and with its options; and with the exporter's options.
_FRONTEND = {_SOLVE: (6, 7), _GATEWAY_SOLVE: (2, 3)}
_HISTORY = "/moby.buildkit.v1.Control/UpdateBuildHistory"
#: In the place of requests that would take what has no owner: a filter of the cache that matches nothing, and a build
#: record's reference, which BuildKit does not find and says so.
_NOTHING = {
    _PRUNE: field(1, b"id==none"),
    _HISTORY: field(
        1,
        b"the records of builds are shared, so a lab changes none; if you do mean it, type: labrunner shell --no-scope",
    ),
}
_CHANGED = {*_FRONTEND, *_NOTHING}
#: In a SolveResponse: the key of its map's entry, and the value, 71 (``G``) bytes long.
_DIGEST = re.compile(rb"containerimage\.(?:config\.)?digest\x12G(sha256:[0-9a-f]{64})")
_LONGEST = 128  # at least what the pattern takes, less one
_EXPORTERS = 13  # of a SolveRequest: each with a type and a map, whose ``name`` holds references with commas between
_TYPE, _ATTRIBUTES = 1, 2
#: Where a SolveRequest has its only exporter: before BuildKit 0.13, and since then besides.
_ONLY_EXPORTER = {3: _TYPE, 4: _ATTRIBUTES}
_TO_ENGINE = {b"moby", b"image"}  # the others write a file, and name nothing
_REF, _SESSION = 1, 5
_PREFIX = 5  # of a gRPC message: whether it is compressed, and its length
_MOST_MESSAGE = 16 << 20


def grpc(scope: Scope, call: Call, _: bytes) -> Plan:
    """Watch the connection: what its builds made is known when the engine answers them."""
    requests = Requests(scope.labels("image"), scope.guard_name)
    return Hijack(call, sent=requests, received=Responses(scope, requests))


class Responses:
    """What the engine sends: records the images that a Solve's answer names, before the client gets it."""

    def __init__(self, scope: Scope, requests: Requests) -> None:
        self._scope = scope
        self._requests = requests
        self._before = Inventory.take(scope.engine).images
        self._tail = b""

    def __call__(self, content: bytes) -> bytes:
        """The same bytes."""
        looked = self._tail + content
        matches = list(_DIGEST.finditer(looked))
        self._tail = looked[max(len(looked) - _LONGEST, matches[-1].end() if matches else 0) :]
        found = {match[1].decode() for match in matches}
        if found:
            self._scope.add("image", *(found - self._before))
            named = Inventory.take(self._scope.engine).names
            for name in self._requests.names:
                if named.get(name) in found:
                    self._scope.name_given(name, named[name])
        return content


def with_labels(path: str, message: bytes, labels: Mapping[str, str]) -> bytes:
    """A Solve request with labels among its frontend's options; one without a frontend is passed on."""
    frontend, options = _FRONTEND[path]
    if not any(number == frontend and value for number, value in fields(message)):
        return message
    return message + b"".join(pair(options, f"label:{key}", value) for key, value in labels.items())


def exported(message: bytes) -> list[str]:
    """The references that a Control.Solve request gives to its image in the engine."""
    parts = list(fields(message))
    several = [list(fields(value)) for number, value in parts if number == _EXPORTERS]
    only = [(_ONLY_EXPORTER[number], value) for number, value in parts if number in _ONLY_EXPORTER]
    return [name for exporter in (*several, only) for name in _names(exporter)]


def _names(exporter: Iterable[tuple[int, bytes]]) -> list[str]:
    if not any(number == _TYPE and value in _TO_ENGINE for number, value in exporter):
        return []
    entries = [dict(fields(value)) for number, value in exporter if number == _ATTRIBUTES]
    return [
        name for entry in entries if entry.get(1) == b"name" for name in entry.get(2, b"").decode().split(",") if name
    ]


def refusal(message: bytes, says: str) -> bytes:
    """A Solve request in the place of this one, to which BuildKit answers ``invalid frontend:`` and the sentence.

    So the engine itself ends the build before it begins; an answer of ours would have to find its place between the
    engine's frames.
    """
    kept = b"".join(field(number, value) for number, value in fields(message) if number in {_REF, _SESSION})
    return kept + field(_FRONTEND[_SOLVE][0], says.encode())


class Requests:
    """What the client sends: changes what builds and what removes, and passes the rest on.

    ``guard`` raises Refused for a name that a build may not give; ``names`` are those that builds were let give.
    """

    def __init__(self, labels: Mapping[str, str], guard: Callable[[str], None]) -> None:
        self._labels = labels
        self._guard = guard
        self.names: set[str] = set()
        self._preface = b""
        self._frames = Frames()
        self._decoder = hpack.Decoder()
        self._decoder.max_allowed_table_size = 1 << 20
        self._block = b""
        self._paths: dict[int, str] = {}
        self._messages: dict[int, bytes] = {}

    def __call__(self, content: bytes) -> bytes:
        """What the engine gets of these bytes."""
        passed = b""
        if len(self._preface) < len(PREFACE):
            missing = len(PREFACE) - len(self._preface)
            passed, content = content[:missing], content[missing:]
            self._preface += passed
        return passed + b"".join(self._frame(frame) for frame in self._frames.feed(content))

    def _frame(self, frame: Frame) -> bytes:
        if frame.kind in {HEADERS, CONTINUATION}:
            self._block += frame.content
            if frame.flags & END_HEADERS:
                found = {str(name): str(value) for name, value, *_ in self._decoder.decode(self._block)}
                self._block = b""
                if ":path" in found:
                    self._paths[frame.stream] = found[":path"]
        elif frame.kind == DATA and self._paths.get(frame.stream) in _CHANGED:
            return self._data(frame)
        return frame.serialise()

    def _data(self, frame: Frame) -> bytes:
        """Hold a message back until it is whole, and send it changed."""
        message = self._messages.pop(frame.stream, b"") + frame.content
        whole = len(message) >= _PREFIX and len(message) >= _PREFIX + int.from_bytes(message[1:_PREFIX], "big")
        if not whole and not frame.flags & END_STREAM:
            if len(message) > _MOST_MESSAGE:
                raise WireError(
                    f"a message of at most {_MOST_MESSAGE} bytes was expected, and {len(message)} were found"
                )
            self._messages[frame.stream] = message
            return b""
        if whole:
            if message[0]:
                raise WireError("a plain message was expected of BuildKit's client, and a compressed one was found")
            changed = self._changed(self._paths[frame.stream], message[_PREFIX:])
            message = b"\0" + len(changed).to_bytes(4, "big") + changed
        parts = [message[at : at + MAX_PAYLOAD] for at in range(0, len(message), MAX_PAYLOAD)] or [b""]
        ends = [0] * (len(parts) - 1) + [frame.flags & END_STREAM]
        return b"".join(Frame(DATA, end, frame.stream, part).serialise() for part, end in zip(parts, ends, strict=True))

    def _changed(self, path: str, message: bytes) -> bytes:
        if path in _NOTHING:
            return _NOTHING[path]
        if path == _SOLVE:
            names = {familiar(name) for name in exported(message)}
            try:
                for name in sorted(names):
                    self._guard(name)
            except Refused as refused:
                return refusal(message, refused.message)
            self.names |= names
        return with_labels(path, message, self._labels)
