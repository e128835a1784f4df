"""Taking in an archive of images in one pass, from a pipe too: what a layer belongs to is said at the archive's end.

So whatever looks like a tar is unpacked as it comes, and is dropped where the layer is known or nobody names it.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Sequence

from labrunner.runtime import images
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.storage import compression, header, tasks
from labrunner.runtime.storage.archive import Archive
from labrunner.runtime.storage.chunks import Chunks, of_descriptor
from labrunner.runtime.storage.compression import Compression
from labrunner.runtime.storage.failures import bad_archive, too_large
from labrunner.runtime.storage.layering import MadeLayer
from labrunner.runtime.storage.limits import LIMITS, Limits
from labrunner.runtime.storage.manifests import Described, check, described
from labrunner.runtime.storage.scratch import Scratch
from labrunner.runtime.storage.upkeep import keep

#: The archive around the layers: many images may be in one.
_OUTER = Limits(size=64 << 30)
#: Of one image; an overlay of more is refused by the kernel, or by an option that is longer than a page.
_LAYERS = 127
#: Of all documents together, in bytes; they are in memory.
_DOCUMENTS = 64 << 20
_HOPS = 8


def load(arguments: tasks.Load, descriptors: Sequence[int], limits: Limits = LIMITS) -> tasks.Loaded:
    """Take in the images of an archive; all or none. RuntimeFailure where anything is not as it says."""
    with Scratch(arguments.data) as scratch:
        contents = _Contents(scratch, arguments.known, limits)
        contents.take(descriptors[0])
        return tasks.Loaded(images=tuple(contents.image(one, scratch) for one in described(contents.document)))


class _Contents:
    """What was in the archive, by paths."""

    def __init__(self, scratch: Scratch, known: Sequence[tasks.Layer], limits: Limits) -> None:
        self._scratch = scratch
        self._limits = limits
        self._known = {layer.diff_id: layer for layer in known}
        self._known_blobs = {layer.blob: layer for layer in known} | self._known
        self._documents: dict[str, bytes] = {}
        self._document_bytes = 0
        self._layers: dict[str, MadeLayer | tasks.Layer] = {}
        self._links: dict[str, str] = {}

    def take(self, descriptor: int) -> None:
        """Read the archive to its end."""
        raw = Chunks(of_descriptor(descriptor))
        kind = compression.of(raw.peek(compression.HEAD))
        archive = Archive(Chunks(compression.decompressed(raw.rest(), kind)), _OUTER)
        for entry in archive:
            path = posixpath.normpath(entry.name.decode(errors="replace"))
            if entry.kind == header.FILE:
                self._file(path, entry.size, archive.content())
            elif entry.kind in {header.SYMLINK, header.LINK}:
                folder = posixpath.dirname(path) if entry.kind == header.SYMLINK else ""
                self._links[path] = posixpath.normpath(posixpath.join(folder, entry.link.decode(errors="replace")))

    def document(self, path: str) -> bytes | None:
        """A document, by way of the links in the archive."""
        return self._documents.get(self._resolved(path))

    def image(self, image: Described, scratch: Scratch) -> tasks.LoadedImage:
        """Verify an image's layers and keep what it needs."""
        expected = images.diff_ids(image.config)
        if len(expected) != len(image.layers):
            raise bad_archive(
                f"{len(expected)} layers were expected in an image, and the archive has {len(image.layers)}"
            )
        if len(expected) > _LAYERS:
            raise too_large(f"an image may have {_LAYERS} layers, not {len(expected)}")
        layers = tuple(self._layer(path, diff_id) for path, diff_id in zip(image.layers, expected, strict=True))
        return tasks.LoadedImage(config=keep(scratch, image.config), names=image.names, layers=layers)

    def _layer(self, path: str, diff_id: str) -> tasks.Layer:
        path = self._resolved(path)
        found = self._layers.get(path)
        if found is None:
            raise bad_archive(f"the archive has no layer {path}, which it names")
        layer = found.layer if isinstance(found, MadeLayer) else found
        if layer.diff_id != diff_id:
            raise RuntimeFailure(
                Kind.BAD_DIGEST, f"the layer {path} was expected to be {diff_id}, and is {layer.diff_id}"
            )
        if isinstance(found, MadeLayer):
            self._layers[path] = self._known[diff_id] = self._known.get(diff_id) or found.keep()
        return self._known[diff_id]

    def _file(self, path: str, size: int, content: Iterator[memoryview]) -> None:
        chunks = Chunks(content)
        head = chunks.peek(header.BLOCK)
        if compression.of(head) is not Compression.NONE or header.is_header(head):
            self._layers[path] = self._known_layer(path, chunks) or self._made_layer(path, chunks)
        elif size <= _DOCUMENTS - self._document_bytes:
            self._documents[path] = chunks.take(size)
            self._document_bytes += size
        else:
            raise too_large(f"an archive's documents may have {_DOCUMENTS} bytes, and with {path} they have more")

    def _known_layer(self, path: str, chunks: Chunks) -> tasks.Layer | None:
        """A layer that is here already and whose path says so: only its digest is looked at."""
        known = self._known_blobs.get(f"sha256:{posixpath.basename(path)}")
        if known:
            found = hashlib.sha256()
            for piece in chunks.rest():
                found.update(piece)
            check(path, f"sha256:{found.hexdigest()}")
        return known

    def _made_layer(self, path: str, chunks: Chunks) -> MadeLayer:
        made = MadeLayer(self._scratch, chunks.rest(), self._limits)
        check(path, made.digest)
        return made

    def _resolved(self, path: str) -> str:
        path = posixpath.normpath(path)
        for _ in range(_HOPS):
            if path not in self._links:
                return path
            path = self._links[path]
        raise bad_archive(f"the archive's links lead from {path} nowhere")
