"""The ledger: every object that the labs made on an engine, one file per user, so that none is left or confused.

Until a scope stands between the labs and the engine, what an action made is told from what was there before it: new
containers of the lab's images and new references under the lab's names. Removal goes by ID and by reference, never
by the engine's own prune.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Names:
    """What a lab calls its own: its containers' names, the images that it runs, the images that it makes."""

    containers: frozenset[str]
    runs: frozenset[str]
    makes: frozenset[str]


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
            raise ToolError(
                f"the ledger {self.file} was to be opened, and that failed: {error.strerror}",
                next="set XDG_STATE_HOME to a folder you may write to",
            ) from error
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
        try:
            lines = self.file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ()
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                continue  # a line torn by a crash
            if row["engine"] != self.engine.host:
                continue
            made = Made(row["kind"], row["name"])
            if row["gone"]:
                found.pop(made, None)
            else:
                found[made] = None
        return tuple(found)

    def record(self, before: Inventory, names: Names) -> None:
        """Record what came into being since ``before`` and is the lab's by its names."""
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
        self._write(new, gone=False)

    def prune(self) -> None:
        """What ``docker system prune`` would remove of the ledger's objects: stopped containers, untagged images."""
        gone = []
        for made in self.made():
            container = self.engine.container(made.name) if made.kind == "container" else None
            if container and not container.running and self.engine.remove_container(made.name):
                gone.append(made)
        gone += [made for made in self.made() if made.kind == "image" and self._remove_untagged(made)]
        self._write(gone, gone=True)

    def sweep(self) -> tuple[Made, ...]:
        """Remove everything recorded; what could not be removed, because something else uses it, is returned."""
        kept = []
        for made in sorted(self.made(), key=lambda made: ("container", "image", "volume").index(made.kind)):
            if self._gone(made):
                self._write([made], gone=True)
            else:
                kept.append(made)
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

    def _write(self, objects: list[Made], *, gone: bool) -> None:
        if not objects:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as file:
            for made in objects:
                row = {"engine": self.engine.host, "kind": made.kind, "name": made.name, "gone": gone}
                file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())


def repository(reference: str) -> str:
    """A reference without its tag and digest: ``localhost:5055/student/app:1`` is ``localhost:5055/student/app``."""
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name
