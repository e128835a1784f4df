"""Keep the ledger true: forget what is gone, so that an ID that a stranger brings back is not taken for a lab's."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import quote

from labrunner.engine.api import VERSION, dial
from labrunner.engine.ledger import Ledger, Made
from labrunner.engine.references import full_id
from labrunner.model.errors import LabrunnerError
from labrunner.proxy.answers import split_head
from labrunner.wire.chunks import Chunks
from labrunner.wire.heads import WireError

#: Docker says destroy and delete, Podman remove.
_FILTERS = {"type": ["container", "image", "volume", "network"], "event": ["destroy", "delete", "remove"]}
#: Seconds before an engine that has gone is asked again.
_PAUSE = 1.0
_READ = 1 << 16


def forget_gone(ledger: Ledger) -> None:
    """Forget what was removed while nobody watched, and find what was made while nobody recorded it."""
    ledger.settle()
    made = ledger.made()
    if not made:
        return
    api = ledger.engine.api
    images = {row["Id"] for row in api.json("GET", "/images/json", all="1")}
    here = {
        "container": {row["Id"] for row in api.json("GET", "/containers/json", all="1")},
        "network": {row["Id"] for row in api.json("GET", "/networks")},
        "volume": ledger.engine.volumes(),
        "image": images,
    }
    gone = [each for each in made if (each.of or each.name) not in here[each.kind]]
    ledger.forget(*gone)


def watch_removals(ledger: Ledger) -> None:
    """Forget what is removed past the scope, as long as this process lives."""
    while True:
        try:
            with dial(ledger.engine.host, None) as engine:
                forget_gone(ledger)
                for kind, identity in _removals(engine):
                    _forget(ledger, kind, identity)
        except (OSError, LabrunnerError, WireError):
            time.sleep(_PAUSE)  # the engine is away; whoever calls it is told so


def _removals(engine: socket.socket) -> Iterator[tuple[str, str]]:
    """The kinds and IDs (volumes' names) of what the engine says is removed, until it closes the connection."""
    target = f"/{VERSION}/events?filters={quote(json.dumps(_FILTERS))}"
    engine.sendall(f"GET {target} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n".encode())
    received, head, chunks, rows = bytearray(), None, Chunks(), b""
    while content := engine.recv(_READ):
        received += content
        if head is None and (head := split_head(received)) is None:
            continue
        rows += chunks.feed(bytes(received)) if head.chunked else bytes(received)
        received.clear()
        *whole, rows = rows.split(b"\n")
        for row in whole:
            if row.strip():
                event = json.loads(row)
                yield event["Type"], event["Actor"]["ID"]


def _forget(ledger: Ledger, kind: str, identity: str) -> None:
    if kind == "image":
        identity = full_id(identity)
    made = ledger.find(kind, identity)
    names: tuple[Made, ...] = ()
    if kind == "image":
        names = tuple(each for each in ledger.made() if each.of == identity)
    if (made or names) and not _is_there(ledger, kind, identity):
        ledger.forget(*(each for each in (made, *names) if each is not None))


def _is_there(ledger: Ledger, kind: str, identity: str) -> bool:
    match kind:
        case "container":
            return ledger.engine.container(identity) is not None
        case "image":
            return ledger.engine.image(identity) is not None
        case "volume":
            return identity in ledger.engine.volumes()
        case _:
            return ledger.engine.api.find(f"/networks/{identity}") is not None
