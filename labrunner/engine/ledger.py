"""The ledger: every object that labs made on an engine, one file per user, so that none is left or confused.

It is the truth about what may be removed: labels only mark, since a container inherits those of its image. Each line of
the file is one JSON object ``{engine, kind, name, of, home, lab, gone}``.

A container's ID is known only when it is there. So its call is recorded before the engine is asked, by a word that the
container has for a label; what a call has made whose answer nobody recorded is found by it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from labrunner.engine.api import ApiError
from labrunner.engine.engine import Engine
from labrunner.engine.references import familiar
from labrunner.engine.removal import Own, remove_image, remove_name
from labrunner.engine.rows import Row, Rows, unusable
from labrunner.model.errors import ToolError

#: The kind of a row that stands for a container still to come, and the label by which that one is found.
CALL, CALL_LABEL = "call", "labrunner.call"
#: The order in which things are removed: what is used by others comes last.
_ORDER = ("container", "network", "image", "volume")


@dataclass(frozen=True)
class Made:
    """One object: ``kind`` is container, image, volume, network, or call for a container still to come.

    ``name`` is a full ID, an image's reference, a volume's name or a call's word; ``of`` is the ID of the image that a
    reference was given to: one that names another image now is somebody else's.
    """

    kind: str
    name: str
    home: str = ""
    lab: str = ""
    of: str = ""

    @property
    def is_reference(self) -> bool:
        """Whether it is a name of an image and no image itself."""
        return self.kind == "image" and not self.name.startswith("sha256:")


def default_ledger() -> Path:
    """``labrunner/ledger.jsonl`` in XDG_STATE_HOME, else in ``~/.local/state``."""
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "labrunner" / "ledger.jsonl"


class Ledger:
    """The ledger of one user, for one engine. Several processes and threads may write to it at once."""

    def __init__(self, file: Path, engine: Engine) -> None:
        self.file = file
        self.engine = engine
        self._lock = threading.RLock()
        self._made: dict[tuple[str, str], Made] = {}
        self._rows = Rows(file)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the ledger for a run: a second run would take the first one's objects for leftovers."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            lock = self.file.with_suffix(".lock").open("a")
        except OSError as error:
            raise unusable(self.file, error) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ToolError(
                    "a run was asked for, and another one of yours is going on",
                    next="wait for it, or end it with Ctrl-C",
                ) from error
            yield

    def made(self, home: str | None = None, lab: str | None = None) -> tuple[Made, ...]:
        """What was made on this engine and is not recorded as gone, the oldest first."""
        with self._lock:
            self._read()
            return tuple(made for made in self._made.values() if home in {None, made.home} and lab in {None, made.lab})

    def elsewhere(self, home: str) -> dict[str, int]:
        """How many things a home has on other engines, by their endpoints."""
        alive = {(row["engine"], row.get("kind"), row.get("name")): row for row in self._rows.all()}
        rows = (row for row in alive.values() if row.get("home") == home and not row.get("gone", True))
        return dict(Counter(row["engine"] for row in rows if row["engine"] != self.engine.host))

    def find(self, kind: str, name: str) -> Made | None:
        """The object of that kind and exact name, if a lab made it."""
        with self._lock:
            self._read()
            return self._made.get((kind, name))

    def add(self, *made: Made) -> None:
        """Record objects; they are on the disk when this returns."""
        self._write([_row(each) for each in made])
        self.sync()

    def forget(self, *made: Made) -> None:
        """Record objects as gone."""
        self._write([_row(each, gone=True) for each in made])

    def ask(self, home: str, lab: str) -> Made:
        """Record that the engine will be asked for a container, so that it is found should this process be killed."""
        call = Made(CALL, secrets.token_hex(8), home, lab)
        self._write([_row(call)])
        return call

    def answered(self, call: Made, *made: Made) -> None:
        """Record what a call has made in its place. ``sync`` brings it onto the disk, which need not be waited for."""
        self._write([*map(_row, made), _row(call, gone=True)])

    def sync(self) -> None:
        """Bring what was recorded onto the disk; it takes a while beside an engine that writes."""
        self._rows.sync()

    def settle(self) -> None:
        """Look for the containers of calls whose answer nobody recorded, since the scope was killed."""
        for call in self.made():
            if call.kind == CALL:
                asked = {"label": [f"{CALL_LABEL}={call.name}"]}
                rows = self.engine.api.json("GET", "/containers/json", all="1", filters=asked)
                # An image of the container has its labels, and so have that image's containers, which are younger.
                oldest = min(rows, key=lambda row: row["Created"], default=None)
                self.answered(call, *([replace(call, kind="container", name=oldest["Id"])] if oldest else []))

    def sweep(
        self, home: str | None = None, lab: str | None = None, spare: frozenset[Made] = frozenset()
    ) -> tuple[Made, ...]:
        """Remove what was made, by ID; what could not be removed, because something else uses it, is returned.

        What is in ``spare`` stays.
        """
        self.settle()
        kept = [made for made in self.made(home, lab) if made not in spare]
        kept.sort(key=lambda made: (_ORDER.index(made.kind), not made.is_reference))
        while True:  # an image goes after those that stand on it, so as many rounds as there is something to gain
            left = [made for made in kept if not self._remove(made)]
            if len(left) in {0, len(kept)}:
                break
            kept = left
        if not self.made():
            with self._lock:
                self._rows.clear(unless=_is_of_use)
        return tuple(left)

    def own(self, home: str | None = None) -> Own:
        """What of the images may go with what one home made, or any."""

        def found(name: str) -> Made | None:
            made = self.find("image", name)
            return made if made and home in {None, made.home} else None

        def reference(name: str, identity: str) -> bool:
            made = found(familiar(name))
            return made is not None and made.of == identity

        return Own(lambda identity: found(identity) is not None, reference)

    def _remove(self, made: Made) -> bool:
        try:
            gone = self._gone(made)
        except ApiError as error:
            if error.status < 500:  # noqa: PLR2004 - the engine refuses; from 500 on it is broken
                return False
            raise
        if gone:
            self.forget(made)
        return gone

    def _gone(self, made: Made) -> bool:
        match made.kind:
            case "container":
                self.engine.remove_container(made.name)
                return self.engine.container(made.name) is None
            case "volume":
                self.engine.remove_volume(made.name)
                return made.name not in self.engine.volumes()
            case "network":
                self.engine.remove_network(made.name)
                return self.engine.api.find(f"/networks/{made.name}") is None
            case _:
                image = self.engine.image(made.name)
                if image is None or (made.is_reference and image.id != made.of):
                    return True
                (remove_name if made.is_reference else remove_image)(self.engine, made.name, self.own(made.home))
                return True

    def _read(self) -> None:
        """Take in what was written since the last look, by anybody."""
        anew, rows = self._rows.new()
        if anew:
            self._made.clear()
        for row in rows:
            if row["engine"] == self.engine.host and "kind" in row:  # the first version wrote rows without a kind
                self._take(row)

    def _take(self, row: Row) -> None:
        made = Made(**{name: row.get(name, "") for name in ("kind", "name", "home", "lab", "of")})
        if row["gone"]:
            self._made.pop((made.kind, made.name), None)
        else:
            self._made[made.kind, made.name] = made

    def _write(self, rows: Iterable[Row]) -> None:
        written = [{"engine": self.engine.host, **row} for row in rows]
        if written:
            with self._lock:
                self._rows.append(written)


def _is_of_use(rows: Iterable[Row]) -> bool:
    """Whether something that is recorded is not gone, on any engine."""
    alive = {(row["engine"], row.get("kind"), row.get("name")): not row.get("gone", True) for row in rows}
    return any(alive.values())


def _row(made: Made, *, gone: bool = False) -> Row:
    return {**asdict(made), "gone": gone}
