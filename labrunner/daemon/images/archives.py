"""Images that come and go as archives: load, save, import, and commit. The files are a worker's work."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from labrunner.daemon import references
from labrunner.daemon.images.store import Image
from labrunner.daemon.parts import Parts
from labrunner.daemon.pipes import feed, read_pieces
from labrunner.daemon.records import ImageRecord
from labrunner.runtime.images import architecture
from labrunner.runtime.spec import Rootfs
from labrunner.runtime.storage import tasks


async def load(parts: Parts, pieces: AsyncIterator[bytes]) -> list[tuple[Image, tuple[str, ...]]]:
    """Take in what ``docker save`` wrote. Returns its images and their names. RuntimeFailure."""
    task = tasks.Load(data=os.fspath(parts.data), known=tuple(parts.images.layers().values()))
    loaded = await _fed(parts, task, tasks.Loaded, pieces)
    found = []
    for image in loaded.images:
        record = ImageRecord(id=image.config, content=_blob(parts, image.config), layers=image.layers)
        names = tuple(str(references.parse(name)) for name in image.names)
        parts.images.add([record], [(name, record.id) for name in names])
        found.append((parts.images.find(record.id), names))
    return found


async def import_root(parts: Parts, pieces: AsyncIterator[bytes], config: dict[str, Any], comment: str) -> Image:
    """An image of one layer out of a tar of a root file system. RuntimeFailure."""
    layer = await _fed(parts, tasks.Import(data=os.fspath(parts.data)), tasks.Layer, pieces)
    now = _now()
    history = {"created": now, "comment": comment or "Imported from -"}
    return await _keep(parts, config, (layer,), [history], {"comment": history["comment"]})


@dataclass(frozen=True)
class Commit:
    """What a new image says of itself: its configuration, and who made it by what."""

    config: dict[str, Any]
    author: str = ""
    comment: str = ""
    command: str = ""


async def commit(parts: Parts, base: Image, root: Rootfs, wish: Commit) -> Image:
    """An image of what a container wrote, over its own image. RuntimeFailure."""
    layer = await parts.zygote.work(tasks.Commit(data=os.fspath(parts.data), rootfs=root), tasks.Layer)
    now = _now()
    said = {name: value for name, value in (("author", wish.author), ("comment", wish.comment)) if value}
    history = [*base.document.get("history", []), {"created": now, "created_by": wish.command, **said}]
    return await _keep(parts, wish.config, (*base.record.layers, layer), history, {**said, "parent": base.id})


def save(parts: Parts, images: Sequence[tuple[Image, tuple[str, ...]]]) -> AsyncIterator[bytes]:
    """An archive as ``docker save`` writes it, in pieces."""
    saved = tuple(tasks.SavedImage(config=image.id, names=names, layers=image.record.layers) for image, names in images)
    return _saved(parts, tasks.Save(data=os.fspath(parts.data), images=saved))


async def _saved(parts: Parts, task: tasks.Save) -> AsyncIterator[bytes]:
    ours, theirs = os.pipe()
    work = asyncio.ensure_future(parts.zygote.work(task, tasks.Nothing, [theirs]))
    os.close(theirs)
    async for piece in read_pieces(ours):
        yield piece
    await work


async def _fed(parts: Parts, task: tasks.Task, result: type[Any], pieces: AsyncIterator[bytes]) -> Any:  # noqa: ANN401 - the result's type
    theirs, ours = os.pipe()
    work = asyncio.ensure_future(parts.zygote.work(task, result, [theirs]))
    os.close(theirs)
    await feed(ours, pieces)
    return await work


async def _keep(
    parts: Parts,
    config: dict[str, Any],
    layers: tuple[tasks.Layer, ...],
    history: list[dict[str, Any]],
    base: dict[str, Any],
) -> Image:
    """Write a configuration, and the row that names it."""
    parent = base.pop("parent", "")
    document = base | {
        "architecture": architecture(),
        "os": "linux",
        "created": history[-1]["created"],
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": history,
    }
    content = msgspec.json.encode(document).decode()
    stored = await parts.zygote.work(tasks.StoreBlob(data=os.fspath(parts.data), content=content), tasks.Stored)
    parts.images.add([ImageRecord(id=stored.digest, content=content, layers=layers, parent=parent)], [])
    return parts.images.find(stored.digest)


def _blob(parts: Parts, digest: str) -> str:
    algorithm, _, digits = digest.partition(":")
    return Path(parts.data / "blobs" / algorithm / digits).read_text(encoding="utf-8")


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
