"""The ledger: every object that the labs made on an engine, one file per user, so that none is left or confused.

Until a scope stands between the labs and the engine, what an action made is told from what was there before it: new
containers of the lab's images and new references under the lab's names. Removal goes by ID and by reference, never
by the engine's own prune.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labrunner.engine.engine import Engine
from labrunner.model.errors import ToolError


@dataclass(frozen=True)
class Made:
    """One object: ``kind`` is container, image or volume; ``name`` is an ID, a reference or a volume's name."""

    kind: str
    name: str


@dataclass(frozen=True)
class Inventory:
    """What an engine holds at one moment: container IDs, and (reference, image ID) pairs."""

    containers: frozenset[str]
    references: frozenset[tuple[str, str]]

    def data(self) -> dict[str, Any]:
        """As JSON data."""
        return {"containers": sorted(self.containers), "references": sorted(self.references)}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Inventory:
        """The inverse of ``data``."""
        return cls(frozenset(data["containers"]), frozenset((name, identity) for name, identity in data["references"]))


@dataclass(frozen=True)
class Names:
    """What a lab calls its own: its containers' names, the images that it runs, the images that it makes."""

    containers: frozenset[str]
    runs: frozenset[str]
    makes: frozenset[str]

    def data(self) -> dict[str, Any]:
        """As JSON data."""
        return {"containers": sorted(self.containers), "runs": sorted(self.runs), "makes": sorted(self.makes)}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Names:
        """The inverse of ``data``."""
        return cls(*(frozenset(data[key]) for key in ("containers", "runs", "makes")))


def take_inventory(engine: Engine) -> Inventory:
    """The engine's inventory, in two calls."""
    rows = engine.image_rows()
    return Inventory(
        containers=frozenset(row["Id"] for row in engine.api.json("GET", "/containers/json", all="1")),
        references=frozenset(
            (name, row["Id"])
            for row in rows
            for name in [*(row["RepoTags"] or ()), *(row["RepoDigests"] or ())]
            if not name.startswith("<none>")
        ),
    )


def default_ledger() -> Path:
    """``labrunner/ledger.jsonl`` in XDG_STATE_HOME, else in ``~/.local/state``."""
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "labrunner" / "ledger.jsonl"


class Ledger:
    """The ledger of one user, for one engine."""

    def __init__(self, file: Path, engine: Engine) -> None:
        self.file = file
        self.engine = engine

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

    def made(self) -> tuple[Made, ...]:
        """What is recorded as made on this engine and not as gone, the oldest first."""
        found: dict[Made, None] = {}
        for row in self._rows():
            if "kind" not in row:
                continue
            made = Made(row["kind"], row["name"])
            if row["gone"]:
                found.pop(made, None)
            else:
                found[made] = None
        return tuple(found)

    @contextmanager
    def recording(self, names: Names) -> Iterator[None]:
        """Record what is made inside this context and is the lab's by ``names``.

        What was there before is written down first. A context that ended by an exception, or with the whole process,
        is recorded by the next ``recording`` or ``sweep``.
        """
        self.recover()
        before = take_inventory(self.engine)
        self._write([{"before": before.data(), "names": names.data()}])
        yield
        self._record(before, names)

    def recover(self) -> None:
        """Record what was made in a context that did not come to its end."""
        row = next((row for row in reversed(self._rows()) if "kind" not in row), None)
        if row is not None and row["before"] is not None:
            self._record(Inventory.read(row["before"]), Names.read(row["names"]))

    def _record(self, before: Inventory, names: Names) -> None:
        now = take_inventory(self.engine)
        new: list[Made] = []
        for reference, identity in sorted(now.references - before.references):
            if repository(reference) in names.makes:
                new += [Made("image", reference), Made("image", identity)]
        for identity in sorted(now.containers - before.containers):
            container = self.engine.container(identity)
            if container and (
                container.name in names.containers or repository(container.image) in names.runs | names.makes
            ):
                new.append(Made("container", identity))
                new += [Made("volume", volume) for volume in container.volumes]
        self._write([*(_row(made, gone=False) for made in new), {"before": None}])

    def prune(self) -> None:
        """What ``docker system prune`` would remove of the ledger's objects: stopped containers, untagged images."""
        gone = []
        for made in self.made():
            container = self.engine.container(made.name) if made.kind == "container" else None
            if container and not container.running and self.engine.remove_container(made.name):
                gone.append(made)
        gone += [made for made in self.made() if made.kind == "image" and self._remove_untagged(made)]
        self._write([_row(made, gone=True) for made in gone])

    def sweep(self) -> tuple[Made, ...]:
        """Remove everything recorded; what could not be removed, because something else uses it, is returned."""
        self.recover()
        kept = []
        for made in sorted(self.made(), key=lambda made: ("container", "image", "volume").index(made.kind)):
            if self._gone(made):
                self._write([_row(made, gone=True)])
            else:
                kept.append(made)
        if not kept and self.file.exists() and not self._rows(others=True):
            self.file.write_bytes(b"")
        return tuple(kept)

    def _gone(self, made: Made) -> bool:
        match made.kind:
            case "container":
                self.engine.remove_container(made.name)
                return self.engine.container(made.name) is None
            case "volume":
                self.engine.remove_volume(made.name)
                return made.name not in self.engine.volumes()
            case _ if made.name.startswith("sha256:"):
                return self._remove_untagged(made) or self.engine.image(made.name) is not None
            case _:
                self.engine.remove_image(made.name)
                return self.engine.image(made.name) is None

    def _remove_untagged(self, made: Made) -> bool:
        """Remove an image by its ID if nothing names it; True where it is gone."""
        if not made.name.startswith("sha256:"):
            return False
        image = self.engine.image(made.name)
        if image is None:
            return True
        return not image.tags and not image.digests and self.engine.remove_image(made.name)

    def _rows(self, *, others: bool = False) -> list[dict[str, Any]]:
        """The ledger's rows for this engine, or those for all others; a line torn by a crash is passed over."""
        try:
            lines = self.file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        rows = []
        for line in lines:
            with suppress(ValueError):
                rows.append(json.loads(line))
        return [row for row in rows if (row["engine"] != self.engine.host) is others]

    def _write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        content = "".join(json.dumps({"engine": self.engine.host, **row}) + "\n" for row in rows)
        if not content:
            return
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unusable(self.file, error) from error


def _row(made: Made, *, gone: bool) -> Mapping[str, Any]:
    return {"kind": made.kind, "name": made.name, "gone": gone}


def _unusable(file: Path, error: OSError) -> ToolError:
    return ToolError(
        f"the ledger {file} was to be written, and that failed: {error.strerror}",
        next="set XDG_STATE_HOME to a folder with room that you may write to",
    )


def repository(reference: str) -> str:
    """A reference without its tag and digest: ``localhost:5055/student/app:1`` is ``localhost:5055/student/app``."""
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name
