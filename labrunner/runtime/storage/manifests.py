"""What an archive of images says about itself: Docker's manifest.json or OCI's index.json. Reads documents, no layers.

Docker's format: "Combined Image JSON + Filesystem Changeset Format" (moby, image/spec); OCI image layout 1.1.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from labrunner.runtime import images
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.storage.failures import bad_archive

MANIFEST, INDEX, LAYOUT, BLOBS = "manifest.json", "index.json", "oci-layout", "blobs/sha256/"
NAME, REF_NAME = "io.containerd.image.name", "org.opencontainers.image.ref.name"
#: An index may name other indexes; deeper than this nobody writes them.
_DEPTH = 4
_HEX = re.compile(r"(?:^|/)([0-9a-f]{64})(?:\.json)?$")

#: Reads a document of the archive by its path; None where there is none.
Read = Callable[[str], bytes | None]
_Document = TypeVar("_Document")


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """An image of an archive: its configuration, and the paths of its layers there, base first."""

    config: bytes
    names: tuple[str, ...]
    layers: tuple[str, ...]


class Platform(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an image runs on."""

    architecture: str = ""
    os: str = ""
    variant: str = ""


class Descriptor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """OCI's reference to a blob."""

    media_type: str = ""
    digest: str
    size: int
    platform: Platform | None = None
    annotations: dict[str, str] = {}


class Index(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """OCI's image index."""

    schema_version: int = 2
    media_type: str = "application/vnd.oci.image.index.v1+json"
    manifests: tuple[Descriptor, ...]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """OCI's image manifest."""

    schema_version: int = 2
    media_type: str = "application/vnd.oci.image.manifest.v1+json"
    config: Descriptor
    layers: tuple[Descriptor, ...]


class _Either(msgspec.Struct, frozen=True):
    manifests: tuple[Descriptor, ...] | None = None


class DockerImage(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An image in manifest.json."""

    config: str
    repo_tags: tuple[str, ...] | None
    layers: tuple[str, ...] | None


def described(read: Read) -> tuple[Described, ...]:
    """The images of an archive. RuntimeFailure where it names none, or a document is missing, torn or another one."""
    if (content := read(MANIFEST)) is not None:
        found = tuple(_docker(read, image) for image in _decoded(content, tuple[DockerImage, ...], MANIFEST))
    elif (content := read(INDEX)) is not None:
        found = tuple(_oci(read, _decoded(content, Index, INDEX).manifests, (), 0))
    else:
        raise bad_archive(f"an archive of images was expected, and it has neither {MANIFEST} nor {INDEX}")
    if not found:
        raise bad_archive(f"the archive has no image for linux/{images.architecture()}")
    return found


def _docker(read: Read, image: DockerImage) -> Described:
    return Described(config=_verified(read, image.config), names=image.repo_tags or (), layers=image.layers or ())


def _oci(read: Read, descriptors: tuple[Descriptor, ...], names: tuple[str, ...], depth: int) -> Iterator[Described]:
    for descriptor in descriptors:
        if not _runs_here(descriptor):
            continue
        content = _verified(read, path_of(descriptor.digest))
        inner = _decoded(content, _Either, descriptor.digest).manifests
        named = _names(descriptor) or names
        if inner is None:
            manifest = _decoded(content, Manifest, descriptor.digest)
            yield Described(
                config=_verified(read, path_of(manifest.config.digest)),
                names=named,
                layers=tuple(path_of(layer.digest) for layer in manifest.layers),
            )
        elif depth < _DEPTH:
            yield from _oci(read, inner, named, depth + 1)
        else:
            raise bad_archive(f"the archive's indexes name each other more than {_DEPTH} deep")


def _runs_here(descriptor: Descriptor) -> bool:
    platform = descriptor.platform
    return platform is None or (platform.os, platform.architecture) == ("linux", images.architecture())


def _names(descriptor: Descriptor) -> tuple[str, ...]:
    """The image's name; OCI's own annotation may hold a tag alone, which names nothing."""
    name = descriptor.annotations.get(NAME) or descriptor.annotations.get(REF_NAME, "")
    return (name,) if ":" in name or "/" in name else ()


def path_of(digest: str) -> str:
    """Where a blob lies in an OCI layout. RuntimeFailure for another algorithm than sha256."""
    algorithm, _, encoded = digest.partition(":")
    if algorithm != "sha256":
        raise bad_archive(f"a digest sha256:… was expected, not {digest[:80]}")
    return BLOBS + encoded


def check(path: str, digest: str) -> None:
    """Where a path names a digest, what lies there has it. RuntimeFailure where not."""
    named = _HEX.search(path)
    if named and digest != f"sha256:{named[1]}":
        raise RuntimeFailure(Kind.BAD_DIGEST, f"{path} was expected to have the digest in its name, and has {digest}")


def _verified(read: Read, path: str) -> bytes:
    content = read(path)
    if content is None:
        raise bad_archive(f"the archive has no {path}, which it names")
    check(path, f"sha256:{hashlib.sha256(content).hexdigest()}")
    return content


def _decoded(content: bytes, kind: type[_Document], name: str) -> _Document:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise bad_archive(f"{name} in the archive is not what it should be: {error}") from error
