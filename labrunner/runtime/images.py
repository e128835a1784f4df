"""What the storage knows of image configurations, and how images name machines and themselves. Pure.

A configuration is JSON whose digest is the image's ID (OCI image configuration; Docker's has a few fields more). So it
is kept as it came, byte for byte, and only looked into.
"""

from __future__ import annotations

import hashlib
import platform

import msgspec

from labrunner.runtime.errors import Kind, RuntimeFailure

#: Machines as images name them (GOARCH).
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class _RootFs(msgspec.Struct, frozen=True):
    diff_ids: tuple[str, ...] | None = None


class _Config(msgspec.Struct, frozen=True):
    rootfs: _RootFs


def diff_ids(config: bytes) -> tuple[str, ...]:
    """The layers of a configuration, base first, by the digests of their tars. RuntimeFailure where it is none."""
    try:
        return msgspec.json.decode(config, type=_Config).rootfs.diff_ids or ()
    except msgspec.MsgspecError as error:
        raise RuntimeFailure(Kind.BAD_ARCHIVE, f"an image's configuration was expected: {error}") from error


def digest(content: bytes) -> str:
    """``sha256:HEX`` of some content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def architecture() -> str:
    """This machine, as images name it."""
    machine = platform.machine()
    return _ARCHITECTURES.get(machine, machine)


def full_name(name: str) -> str:
    """A reference with its registry, as annotations have it: ``ubuntu:latest`` is docker.io/library/ubuntu:latest."""
    first, slash, _ = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    return name if first == "localhost" or "." in first or ":" in first else f"docker.io/{name}"
