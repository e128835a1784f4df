"""Which images there are, and how a client names one: by reference, by ID or by the beginning of one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import msgspec
from msgspec.structs import replace

from labrunner.daemon import references
from labrunner.daemon.database import Database
from labrunner.daemon.errors import bad_request, no_such_image
from labrunner.daemon.records import ImageRecord
from labrunner.daemon.requests import without_nulls
from labrunner.daemon.shapes import Config
from labrunner.runtime.storage.tasks import Layer

_ID = re.compile(r"(?:sha256:)?([0-9a-f]{1,64})")
_WHOLE = re.compile(r"[0-9a-f]{64}")
_SHA = "sha256:"


class Image:
    """An image. ``document`` is its configuration (OCI image specification), ``config`` what of it is to run."""

    def __init__(self, record: ImageRecord) -> None:
        self.record = record
        self.id = record.id

    @cached_property
    def document(self) -> dict[str, Any]:
        """The whole configuration."""
        return msgspec.json.decode(self.record.content, type=dict[str, Any])

    @cached_property
    def config(self) -> Config:
        """What a container of it runs."""
        return msgspec.convert(without_nulls(self.document.get("config") or {}), Config)

    def record_tagged_now(self) -> ImageRecord:
        """Its record, when it gets a name."""
        return replace(self.record, tagged=time.time_ns())

    @property
    def size(self) -> int:
        """The bytes of all its layers' files."""
        return sum(layer.size for layer in self.record.layers)


class Images:
    """The images, by ID, and what names them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        records, self._names = database.images()
        self._images = {record.id: Image(record) for record in records}

    def __iter__(self) -> Iterator[Image]:
        return iter(list(self._images.values()))

    def __len__(self) -> int:
        return len(self._images)

    def find(self, text: str) -> Image:
        """An image by reference, ID or the beginning of one. ApiError where there is none."""
        match = _ID.fullmatch(text)
        if match and len(match[1]) == 64:  # noqa: PLR2004 - a whole digest
            return self._known(_SHA + match[1], text)
        if not text.startswith(_SHA):
            reference = references.parse(text)
            if str(reference) in self._names:
                return self._images[self._names[str(reference)]]
        elif match is None:
            raise bad_request("invalid reference format")
        if match:
            found = [image for image in self._images.values() if image.id.startswith(_SHA + match[1])]
            if len(found) == 1:
                return found[0]
        raise no_such_image(text if text.startswith(_SHA) else str(references.parse(text)))

    def names_of(self, image: Image) -> list[str]:
        """The references that name an image, in order."""
        return sorted(name for name, named in self._names.items() if named == image.id)

    def name_in(self, text: str) -> str:
        """The name that a client's word is; empty where it is an ID or the beginning of one."""
        if text.startswith(_SHA) or _WHOLE.fullmatch(text):
            return ""
        reference = str(references.parse(text))
        return reference if reference in self._names else ""

    def layers_of(self, identity: str) -> tuple[str, ...]:
        """The names of an image's layers, base first."""
        return tuple(layer.name for layer in self._known(identity, identity).record.layers)

    def diff_ids_of(self, identity: str) -> list[str]:
        """An image's layers by digest, base first; none for an image that is no more."""
        image = self._images.get(identity)
        return [layer.diff_id for layer in image.record.layers] if image else []

    def known(self, identity: str) -> Image | None:
        """An image by its whole ID, if it is there."""
        return self._images.get(identity)

    def size_of(self, identity: str) -> int:
        """The bytes of an image's files; none for an image that is no more."""
        image = self._images.get(identity)
        return image.size if image else 0

    def layers(self) -> dict[str, Layer]:
        """All layers by their diff ID."""
        return {layer.diff_id: layer for image in self._images.values() for layer in image.record.layers}

    def add(self, records: Iterable[ImageRecord], names: Iterable[tuple[str, str]]) -> None:
        """Keep images and let references name them; a reference that named another image leaves it."""
        records, names = list(records), list(names)
        self._database.put_images(records, names)
        self._images |= {record.id: Image(record) for record in records}
        self._names |= dict(names)

    def untag(self, reference: str) -> None:
        """Let a reference name nothing."""
        self._database.remove_name(reference)
        self._names.pop(reference, None)

    def remove(self, image: Image) -> tuple[Layer, ...]:
        """Forget an image. Returns its layers that no other one has."""
        self._database.remove_image(image.id)
        del self._images[image.id]
        self._names = {name: named for name, named in self._names.items() if named != image.id}
        kept = self.layers()
        return tuple(layer for layer in image.record.layers if layer.diff_id not in kept)

    def _known(self, identity: str, text: str) -> Image:
        if identity not in self._images:
            raise no_such_image(text)
        return self._images[identity]
