"""Writing images as ``docker save`` does: an OCI layout with Docker's manifest.json, blobs byte for byte.

But for layers in zstd, which Docker 20.10 cannot read: of those the archive has the tar, which is as unambiguous.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from labrunner.runtime import images
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.storage import manifests, tasks, writing
from labrunner.runtime.storage.chunks import PIECE, of_descriptor, write
from labrunner.runtime.storage.compression import Compression, decompressed
from labrunner.runtime.storage.header import FOLDER, Entry
from labrunner.runtime.storage.manifests import Descriptor, DockerImage, Index, Manifest, path_of
from labrunner.runtime.storage.scratch import blob_path

_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1."


def save(arguments: tasks.Save, descriptors: Sequence[int]) -> tasks.Nothing:
    """Write images to a descriptor."""
    output = _Output(Path(arguments.data), descriptors[0])
    for folder in ("blobs/", manifests.BLOBS):
        write(output.descriptor, writing.head(Entry(name=folder.encode(), kind=FOLDER, mode=0o755)))
    index: list[Descriptor] = []
    listed: list[DockerImage] = []
    for image in arguments.images:
        index += output.image(image)
        listed.append(
            DockerImage(
                config=path_of(image.config),
                repo_tags=image.names or None,
                layers=tuple(path_of(_saved(layer)[0]) for layer in image.layers),
            )
        )
    output.document(manifests.INDEX, msgspec.json.encode(Index(manifests=tuple(index))))
    output.document(manifests.MANIFEST, msgspec.json.encode(listed))
    output.document(manifests.LAYOUT, b'{"imageLayoutVersion":"1.0.0"}')
    write(output.descriptor, writing.END)
    return tasks.Nothing()


class _Output:
    """The archive that is written; each blob once."""

    def __init__(self, data: Path, descriptor: int) -> None:
        self.descriptor = descriptor
        self._data = data
        self._written: dict[str, int] = {}

    def image(self, image: tasks.SavedImage) -> list[Descriptor]:
        """Write an image's blobs; what the index says of it, once for each of its names."""
        layers = tuple(
            Descriptor(media_type=_LAYER + media, digest=digest, size=self._layer(layer))
            for layer in image.layers
            for digest, media in [_saved(layer)]
        )
        config = Descriptor(media_type=_CONFIG, digest=image.config, size=self._blob(image.config))
        content = msgspec.json.encode(Manifest(config=config, layers=layers))
        digest = images.digest(content)
        if digest not in self._written:
            self.document(path_of(digest), content)
            self._written[digest] = len(content)
        described = Descriptor(media_type=_MANIFEST, digest=digest, size=len(content))
        return [msgspec.structs.replace(described, annotations=_annotations(name)) for name in image.names] or [
            described
        ]

    def document(self, path: str, content: bytes) -> None:
        """Write a small file."""
        entry = Entry(name=path.encode(), size=len(content))
        write(self.descriptor, writing.head(entry) + content + writing.padding(len(content)))

    def _layer(self, layer: tasks.Layer) -> int:
        """Write a layer unless it was; its size. What is decompressed is read twice, since its size comes first."""
        if _saved(layer)[0] == layer.blob:
            return self._blob(layer.blob)
        if layer.diff_id not in self._written:
            size = self._written[layer.diff_id] = sum(len(piece) for piece in self._plain(layer))
            write(self.descriptor, writing.head(Entry(name=path_of(layer.diff_id).encode(), size=size)))
            for piece in self._plain(layer):
                write(self.descriptor, piece)
            write(self.descriptor, writing.padding(size))
        return self._written[layer.diff_id]

    def _plain(self, layer: tasks.Layer) -> Iterator[bytes | memoryview]:
        with blob_path(self._data, layer.blob).open("rb") as blob:
            yield from decompressed(of_descriptor(blob.fileno()), Compression.ZSTD)

    def _blob(self, digest: str) -> int:
        """Write a blob unless it was; its size."""
        if digest in self._written:
            return self._written[digest]
        with blob_path(self._data, digest).open("rb") as blob:
            size = self._written[digest] = os.fstat(blob.fileno()).st_size
            write(self.descriptor, writing.head(Entry(name=path_of(digest).encode(), size=size)))
            sent = 0
            while sent < size:
                count = os.sendfile(self.descriptor, blob.fileno(), sent, min(PIECE, size - sent))
                if not count:
                    raise RuntimeFailure(Kind.BROKEN, f"the blob {digest} ended after {sent} of {size} bytes")
                sent += count
        write(self.descriptor, writing.padding(size))
        return size


def _saved(layer: tasks.Layer) -> tuple[str, str]:
    """The digest of what the archive has of a layer, and how it is compressed."""
    if layer.media == Compression.ZSTD:
        return layer.diff_id, Compression.NONE
    return layer.blob, layer.media


def _annotations(name: str) -> dict[str, str]:
    tag = name.rpartition("/")[2].partition(":")[2] or "latest"
    return {manifests.NAME: images.full_name(name), manifests.REF_NAME: tag}
