"""The ledger: every object that labs made on an engine, one file per user, so that none is left or confused.

It is the truth about what may be removed: labels only mark, since a container inherits those of its image. Each line of
the file is one JSON object ``{engine, kind, name, of, home, lab, gone}``.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from labrunner.engine.api import ApiError
from labrunner.engine.engine import Engine
from labrunner.engine.removal import Own, remove_image, remove_name
from labrunner.model.errors import ToolError

#: The order in which things are removed: what is used by others comes last.
_ORDER = ("container", "network", "image", "volume")


@dataclass(frozen=True)
class Made:
    """One object: ``kind`` is container, image, volume or network.

    ``name`` is a full ID, an image's reference or a volume's name; ``of`` is the ID of the image that a reference was
    given to: one that names another image now is somebody else's.
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
        self._close: weakref.finalize[[int], Ledger] | None = None
        self._open: int | None = None  # kept open, so that a new file cannot get its inode
        self._at = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the ledger for a run: a second run would take the first one's objects for leftovers."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            lock = self.file.with_suffix(".lock").open("a")
        except OSError as error:
            raise _unusable(self.file, error) from error
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

    def find(self, kind: str, name: str) -> Made | None:
        """The object of that kind and exact name, if a lab made it."""
        with self._lock:
            self._read()
            return self._made.get((kind, name))

    def add(self, *made: Made) -> None:
        """Record objects; they are on the disk when this returns."""
        self._write([{**asdict(each), "gone": False} for each in made])

    def forget(self, *made: Made) -> None:
        """Record objects as gone."""
        self._write([{**asdict(each), "gone": True} for each in made])

    def sweep(self, home: str | None = None, lab: str | None = None) -> tuple[Made, ...]:
        """Remove what was made, by ID; what could not be removed, because something else uses it, is returned."""
        kept = list(self.made(home, lab))
        kept.sort(key=lambda made: (_ORDER.index(made.kind), not made.is_reference))
        while True:  # an image goes after those that stand on it, so as many rounds as there is something to gain
            left = [made for made in kept if not self._remove(made)]
            if len(left) in {0, len(kept)}:
                break
            kept = left
        if not self.made():
            self._clear()
        return tuple(left)

    def own(self, home: str | None = None) -> Own:
        """What of the images may go with what one home made, or any."""

        def found(name: str) -> Made | None:
            made = self.find("image", name)
            return made if made and home in {None, made.home} else None

        def reference(name: str, identity: str) -> bool:
            made = found(name)
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
        try:
            now = self.file.stat()
        except FileNotFoundError:
            self._begin_again(None)
            return
        if self._open is None or not os.path.samestat(os.fstat(self._open), now):
            self._begin_again(os.open(self.file, os.O_RDONLY | os.O_CLOEXEC))
        if self._open is None or now.st_size <= self._at:
            return
        whole, newline, _ = os.pread(self._open, now.st_size - self._at, self._at).rpartition(b"\n")
        self._at += len(whole) + len(newline)
        for line in whole.splitlines():
            with suppress(ValueError):  # a line torn by a crash
                self._take(json.loads(line))

    def _begin_again(self, descriptor: int | None) -> None:
        if self._close is not None:
            self._close()
        self._open, self._at = descriptor, 0
        self._close = None if descriptor is None else weakref.finalize(self, os.close, descriptor)
        self._made.clear()

    def _take(self, row: dict[str, Any]) -> None:
        if row["engine"] != self.engine.host or "kind" not in row:  # a line that the first version wrote
            return
        made = Made(**{name: row.get(name, "") for name in ("kind", "name", "home", "lab", "of")})
        if row["gone"]:
            self._made.pop((made.kind, made.name), None)
        else:
            self._made[made.kind, made.name] = made

    def _write(self, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        content = "".join(json.dumps({"engine": self.engine.host, **row}) + "\n" for row in rows).encode()
        with self._lock, self._locked() as file:
            if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
                content = b"\n" + content
            file.write(content)
            os.fsync(file.fileno())

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        """The file at its end, for this writer alone; not one that was cleared away while we waited for it."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            while True:
                with self.file.open("a+b", buffering=0) as file:
                    fcntl.flock(file, fcntl.LOCK_EX)
                    if self._is_current(file.fileno()):
                        file.seek(0, os.SEEK_END)
                        yield file  # unbuffered, so that rows are written at once and whole
                        return
        except OSError as error:
            raise _unusable(self.file, error) from error

    def _is_current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.file.stat())
        except FileNotFoundError:
            return False

    def _clear(self) -> None:
        """Remove the file if nothing in it is of use, for any engine."""
        if not self.file.exists():
            return
        with self._lock, self._locked():
            alive: dict[tuple[str, str | None, str | None], bool] = {}
            for line in self.file.read_bytes().splitlines():
                with suppress(ValueError):
                    row = json.loads(line)
                    alive[row["engine"], row.get("kind"), row.get("name")] = not row.get("gone", True)
            if not any(alive.values()):
                self.file.unlink()


def _unusable(file: Path, error: OSError) -> ToolError:
    return ToolError(
        f"the ledger {file} was to be written, and that failed: {error.strerror}",
        next="set XDG_STATE_HOME to a folder with room that you may write to",
    )
