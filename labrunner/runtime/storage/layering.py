"""Making a layer of a tar in one pass: kept byte for byte, hashed, decompressed, hashed again, and unpacked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from labrunner.runtime.storage import compression
from labrunner.runtime.storage.archive import Archive
from labrunner.runtime.storage.chunks import Ahead, Chunks
from labrunner.runtime.storage.compression import Compression
from labrunner.runtime.storage.failures import bad_archive, too_large
from labrunner.runtime.storage.limits import LIMITS, Limits
from labrunner.runtime.storage.scratch import Blob, Scratch
from labrunner.runtime.storage.tasks import Layer
from labrunner.runtime.storage.unpack import unpack

#: Compressions that no image has: a layer that came so is kept without.
_FOREIGN = frozenset({Compression.BZIP2, Compression.XZ})


class MadeLayer:
    """A layer in a scratch folder, until it is kept."""

    def __init__(self, scratch: Scratch, pieces: Iterator[bytes | memoryview], limits: Limits = LIMITS) -> None:
        self._scratch = scratch
        self._folder = scratch.new()
        self._folder.mkdir(mode=0o755)
        self._plain = hashlib.sha256()
        raw = Chunks(pieces)
        head = raw.peek(compression.HEAD)
        if not head:
            raise bad_archive("an archive was expected, and nothing came")
        kind = compression.of(head)
        self._blob = Blob(scratch.new())
        ahead = Ahead(self._stream(raw, kind, limits))
        try:
            chunks = Chunks(iter(ahead))
            size = unpack(Archive(chunks, limits), self._folder)
            for _ in chunks.rest():
                pass
        finally:
            ahead.close()
            self._blob.close()
        same = kind is Compression.NONE or kind in _FOREIGN
        self.layer = Layer(
            diff_id=self._blob.digest if same else f"sha256:{self._plain.hexdigest()}",
            blob=self._blob.digest,
            media=Compression.NONE if kind in _FOREIGN else kind,
            name=self._folder.name,
            size=size,
        )

    @property
    def digest(self) -> str:
        """The digest of the tar as it is kept."""
        return self._blob.digest

    def keep(self) -> Layer:
        """Make it one of DATA's layers."""
        self._scratch.keep_blob(self._blob.path, self.layer.blob)
        self._scratch.keep_layer(self._folder)
        return self.layer

    def _stream(self, raw: Chunks, kind: Compression, limits: Limits) -> Iterator[bytes | memoryview]:
        if kind in _FOREIGN:
            return self._blob.recorded(_bounded(compression.decompressed(raw.rest(), kind), self._blob, limits))
        plain = _bounded(compression.decompressed(self._blob.recorded(raw.rest()), kind), self._blob, limits)
        return plain if kind is Compression.NONE else self._hashed(plain)

    def _hashed(self, pieces: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        for piece in pieces:
            self._plain.update(piece)
            yield piece


def _bounded(pieces: Iterator[bytes | memoryview], blob: Blob, limits: Limits) -> Iterator[bytes | memoryview]:
    """What is decompressed, until it is more than any layer has."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limits.size:
            raise too_large(f"a layer may have {limits.size} bytes, and this one has more")
        if size > limits.ratio_from and size > limits.ratio * blob.size:
            raise too_large(f"a layer of {blob.size} bytes became {size}, more than {limits.ratio} times as much")
        yield piece
