"""The only module that opens SQLite: containers and images as they are wanted, and the names of images.

It is opened after the zygote was started, so no connection crosses a fork. Each method is one transaction, which takes
less than a tenth of a millisecond: WAL and synchronous NORMAL keep the file whole, and a power cut may lose the last.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from labrunner.daemon.records import ContainerRecord, ImageRecord
from labrunner.runtime.errors import Kind, RuntimeFailure

VERSION = 1
_SCHEMA = f"""
CREATE TABLE containers (id TEXT PRIMARY KEY, name TEXT UNIQUE NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE images (id TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE names (reference TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES images ON DELETE CASCADE) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""


_FULL = sqlite3.SQLITE_FULL


class Database:
    """The database of one data folder. RuntimeFailure for one of another version, and for what is none.

    Whatever writes raises RuntimeFailure where the disk is full, and nothing is changed then.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._prepare(path)
        except sqlite3.Error as error:
            raise RuntimeFailure(Kind.BROKEN, f"the engine's database {path} cannot be used: {error}") from error

    def _prepare(self, path: Path) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run("PRAGMA foreign_keys = ON")
        (found,) = run("PRAGMA user_version").fetchone()
        if found == 0:
            self._connection.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
        elif found != VERSION:
            raise RuntimeFailure(
                Kind.OTHER_VERSION, f"{path} is of version {found}, and this engine reads version {VERSION} only"
            )

    def close(self) -> None:
        """Write everything into the one file."""
        self._connection.close()

    def containers(self) -> list[ContainerRecord]:
        """All containers."""
        rows = self._connection.execute("SELECT record FROM containers")
        return [msgspec.json.decode(record, type=ContainerRecord) for (record,) in rows]

    def put_container(self, record: ContainerRecord) -> None:
        """Add a container, or keep it as it is now."""
        self._write(
            "INSERT INTO containers VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, record = excluded.record",
            (record.id, record.name, msgspec.json.encode(record)),
        )

    def remove_container(self, identity: str) -> None:
        """Forget a container."""
        self._write("DELETE FROM containers WHERE id = ?", (identity,))

    def images(self) -> tuple[list[ImageRecord], dict[str, str]]:
        """All images, and which reference names which."""
        rows = self._connection.execute("SELECT record FROM images")
        records = [msgspec.json.decode(record, type=ImageRecord) for (record,) in rows]
        return records, dict(self._connection.execute("SELECT reference, image FROM names"))

    def put_images(self, records: Iterable[ImageRecord], names: Iterable[tuple[str, str]] = ()) -> None:
        """Add images and let references name them, all or none."""
        with _told(), self._connection:
            self._connection.execute("BEGIN")
            for record in records:
                self._connection.execute(
                    "INSERT INTO images VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
                    (record.id, msgspec.json.encode(record)),
                )
            for reference, image in names:
                self._connection.execute("INSERT OR REPLACE INTO names VALUES (?, ?)", (reference, image))

    def remove_name(self, reference: str) -> None:
        """Let a reference name nothing."""
        self._write("DELETE FROM names WHERE reference = ?", (reference,))

    def remove_image(self, identity: str) -> None:
        """Forget an image and all its names."""
        self._write("DELETE FROM images WHERE id = ?", (identity,))

    def _write(self, statement: str, values: tuple[str | bytes, ...]) -> None:
        with _told():
            self._connection.execute(statement, values)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say what kept SQLite from writing."""
    try:
        yield
    except sqlite3.OperationalError as error:
        kind = Kind.DISK_FULL if error.sqlite_errorcode == _FULL else Kind.BROKEN
        raise RuntimeFailure(kind, f"the engine's database was to be written: {error}") from error
