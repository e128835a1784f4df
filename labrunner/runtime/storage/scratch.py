"""A folder of ``DATA/tmp`` for one task: what is whole is renamed out of it, and after a failure nothing is left."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from labrunner.runtime.storage.chunks import write
from labrunner.runtime.storage.removal import remove_at

#: Of a layer's name, in bytes of randomness: 127 names of ten letters are an overlay's option of 1.4 kB.
_NAME = 5


class Scratch:
    """A context. What was kept stays, unless an exception leaves it."""

    def __init__(self, data: str) -> None:
        self._data = Path(data)
        self._folder = self._data / "tmp" / os.urandom(8).hex()
        self._kept: list[Path] = []

    def __enter__(self) -> Self:
        for folder in (self._data / "blobs" / "sha256", self._data / "layers", self._folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for path in [*(self._kept if kind else ()), self._folder]:
            remove(path)

    def new(self) -> Path:
        """A path in the folder where nothing is yet."""
        return self._folder / os.urandom(_NAME).hex()

    def keep_layer(self, folder: Path) -> None:
        """Make an unpacked layer one of DATA's; its name stays."""
        self._keep(folder, self._data / "layers" / folder.name)

    def keep_blob(self, file: Path, digest: str) -> None:
        """Make a synced file one of DATA's blobs; the same one may be there already."""
        target = blob_path(self._data, digest)
        if target.exists():
            file.unlink()
        else:
            self._keep(file, target)

    def _keep(self, path: Path, target: Path) -> None:
        path.rename(target)
        self._kept.append(target)


class Blob:
    """A file that is written once; its digest is known when it was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=0)

    def recorded(self, pieces: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        """The pieces, each written before it goes on; at their end the file is synced. Close it, whatever happens."""
        for piece in pieces:
            write(self._file.fileno(), piece)
            self._hash.update(piece)
            self.size += len(piece)
            yield piece
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def digest(self) -> str:
        """The digest of what was written."""
        return f"sha256:{self._hash.hexdigest()}"


def blob_path(data: Path, digest: str) -> Path:
    """Where a blob lies; ``digest`` is ``sha256:HEX``."""
    algorithm, _, encoded = digest.partition(":")
    return data / "blobs" / algorithm / encoded


def remove(path: Path) -> None:
    """Remove a file or a tree that may be gone already."""
    parent = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        remove_at(parent, os.fsencode(path.name))
    except FileNotFoundError:
        pass
    finally:
        os.close(parent)
