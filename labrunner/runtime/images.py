"""Image configurations: what an image's layers are and how it runs, as JSON whose digest is the image's ID. Pure.

Fields are those of the OCI image configuration and of Docker's, which has a few more. What is read stays as it came,
byte for byte, or the ID would change; what is made here is read by Docker and Podman alike.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from labrunner.runtime.errors import Kind, RuntimeFailure

#: Machines as images name them (GOARCH).
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class History(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step that made the image; ``empty_layer`` where it changed no file."""

    created: str | None = None
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


class RootFs(msgspec.Struct, frozen=True, kw_only=True):
    """The layers, base first, by the digests of their uncompressed tars."""

    type: str = "layers"
    diff_ids: tuple[str, ...] = ()


class ImageConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An image's configuration. ``config`` is how it runs, in Docker's names: ``Env``, ``Cmd``, ``Entrypoint``."""

    architecture: str = ""
    os: str = ""
    variant: str = ""
    created: str | None = None
    author: str = ""
    config: dict[str, Any] | None = None  # Any: it is JSON, of Docker's own shape
    rootfs: RootFs
    history: tuple[History, ...] | None = None
    docker_version: str = ""


def architecture() -> str:
    """This machine's, as images name it."""
    machine = platform.machine()
    return _ARCHITECTURES.get(machine, machine)


def read(content: bytes | str) -> ImageConfig:
    """A configuration. RuntimeFailure where it is none."""
    try:
        return msgspec.json.decode(content, type=ImageConfig)
    except msgspec.MsgspecError as error:
        raise RuntimeFailure(Kind.BAD_ARCHIVE, f"an image's configuration was expected: {error}") from error


def made(config: Mapping[str, object], layers: Sequence[str], history: Sequence[History], *, author: str = "") -> str:
    """The configuration of a new image of these diff IDs, base first, as JSON; it was created when its history ends."""
    image = ImageConfig(
        architecture=architecture(),
        os="linux",
        created=history[-1].created if history else now(),
        author=author,
        config=dict(config),
        rootfs=RootFs(diff_ids=tuple(layers)),
        history=tuple(history),
    )
    return msgspec.json.encode(image).decode()


def committed(
    parent: ImageConfig, config: Mapping[str, object], diff_id: str, *, created_by: str, author: str, comment: str
) -> str:
    """The configuration of an image that has one layer more than its parent."""
    step = History(created=now(), created_by=created_by, author=author, comment=comment)
    return made(config, (*parent.rootfs.diff_ids, diff_id), (*(parent.history or ()), step), author=author)


def digest(content: bytes | str) -> str:
    """``sha256:HEX`` of some content."""
    return f"sha256:{hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()}"


def full_name(name: str) -> str:
    """A reference with its registry, as annotations have it: ``ubuntu:latest`` is docker.io/library/ubuntu:latest."""
    first, slash, _ = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    return name if first == "localhost" or "." in first or ":" in first else f"docker.io/{name}"


def chain_ids(diff_ids: Sequence[str]) -> tuple[str, ...]:
    """The identity of each layer with all below it (OCI image configuration, "Layer ChainID")."""
    chain: list[str] = []
    for diff_id in diff_ids:
        chain.append(digest(f"{chain[-1]} {diff_id}") if chain else diff_id)
    return tuple(chain)


def layer_of_each_step(image: ImageConfig) -> tuple[int | None, ...]:
    """For each step of the history, base first, the number of its layer; None where it changed no file."""
    numbers = iter(range(len(image.rootfs.diff_ids)))
    return tuple(None if step.empty_layer else next(numbers, None) for step in image.history or ())


def now() -> str:
    """The time as images write it (RFC 3339)."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
