"""A data folder, the tasks on it, and archives of any kind; for root, who may own and make all that archives hold."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from labrunner.runtime import images
from labrunner.runtime.storage import tasks
from labrunner.runtime.storage.work import do

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="unpacks what others own, which only root may")
_Result = TypeVar("_Result")


class Store:
    """A data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def do(self, task: tasks.Task, result: type[_Result], *descriptors: int) -> _Result:
        """Do a task as a worker does it, its argument and result written as JSON."""
        name = str(task.__struct_config__.tag)
        answer = do(name, msgspec.Raw(msgspec.json.encode(task)), descriptors)
        return msgspec.json.decode(msgspec.json.encode(answer), type=result)

    def feed(self, task: tasks.Task, result: type[_Result], content: bytes) -> _Result:
        """Do a task that reads from its descriptor."""
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            return self.do(task, result, file.fileno())

    def layer(self, content: bytes) -> Path:
        """Import a tar; the unpacked layer."""
        return self.data / "layers" / self.feed(tasks.Import(data=str(self.data)), tasks.Layer, content).name

    def load(self, content: bytes, known: Sequence[tasks.Layer] = ()) -> tasks.Loaded:
        """Load an archive of images."""
        return self.feed(tasks.Load(data=str(self.data), known=tuple(known)), tasks.Loaded, content)

    def left(self) -> list[str]:
        """All files of the store."""
        return sorted(
            str(path.relative_to(self.data)) for path in self.data.rglob("*") if not path.is_dir() or path.is_symlink()
        ) + sorted(str(path.relative_to(self.data)) for path in self.data.glob("*/*") if path.parent.name != "blobs")


def member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    """An entry of a tar; ``fields`` are TarInfo's."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


def folder(name: str, mtime: int = 0) -> tuple[tarfile.TarInfo, bytes]:
    """A folder's entry."""
    return member(name, type=tarfile.DIRTYPE, mode=0o755, mtime=mtime)


def symlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    """A symbolic link's entry."""
    return member(name, type=tarfile.SYMTYPE, linkname=target)


def hard_link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    """A hard link's entry."""
    return member(name, type=tarfile.LNKTYPE, linkname=target)


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A tar, by Python's library."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def digest(content: bytes) -> str:
    """The hexadecimal digits of a digest."""
    return hashlib.sha256(content).hexdigest()


def config(*layers: bytes) -> bytes:
    """The configuration of an image of these plain tars."""
    root = {"type": "layers", "diff_ids": [images.digest(layer) for layer in layers]}
    machine = {"os": "linux", "architecture": images.architecture()}
    return json.dumps(machine | {"config": {"Cmd": ["true"]}, "rootfs": root}).encode()


def docker_archive(*layers: bytes, **replaced: bytes) -> bytes:
    """What Docker 20.10 saves: each layer in a folder of its own; ``replaced`` is ``config`` or ``layer0``."""
    content = config(*layers)
    paths = [f"folder{number}/layer.tar" for number in range(len(layers))]
    manifest = [{"Config": f"{digest(content)}.json", "RepoTags": ["test:one"], "Layers": paths}]
    return tar(
        *(member(path, replaced.get(f"layer{at}", layers[at])) for at, path in enumerate(paths)),
        member(f"{digest(content)}.json", replaced.get("config", content)),
        member("manifest.json", json.dumps(manifest).encode()),
    )
