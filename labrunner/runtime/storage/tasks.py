"""What a worker can be asked for, and what it answers: the arguments and results of ``messages.ForkWorker``.

All file work on images and containers is done by workers, inside the id mapping, since reading tars in the daemon's
own threads would delay whoever else it serves. A worker writes below ``DATA/tmp`` and renames what is whole; the
daemon then names it in its database, and sweeps what it does not know at its next start::

    DATA/blobs/sha256/HEX      configurations and layers, byte for byte as they came
         layers/NAME/          an unpacked layer; NAME is short, since 127 of them are an overlay's option
                               (a file's owner that a single id cannot have: its attribute user.labrunner.owner)
         tmp/                  what is not whole yet
         run/ID/               containers (labrunner.runtime.folder)
"""

from __future__ import annotations

import msgspec

from labrunner.runtime.spec import Rootfs


class _Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value that is written as JSON."""


class Layer(_Value, frozen=True, kw_only=True):
    """An unpacked layer. Digests are written ``sha256:HEX``; ``size`` is that of its files in bytes.

    ``diff_id`` is the digest of the uncompressed tar, ``blob`` that of the tar as it is kept, which ``media`` tells:
    tar, tar+gzip or tar+zstd.
    """

    diff_id: str
    blob: str
    media: str
    name: str
    size: int


class LoadedImage(_Value, frozen=True, kw_only=True):
    """An image of an archive: the digest of its configuration, which is its ID, and its layers, base first."""

    config: str
    names: tuple[str, ...]
    layers: tuple[Layer, ...]


class Load(_Value, frozen=True, kw_only=True, tag="load"):
    """Take in what ``docker save`` wrote, Docker's layout or OCI's, in any compression. Descriptor: the archive.

    A layer whose diff ID is in ``known`` is not unpacked again. Result: ``Loaded``.
    """

    data: str
    known: tuple[Layer, ...] = ()


class Loaded(_Value, frozen=True, kw_only=True):
    """The images of an archive, in its order."""

    images: tuple[LoadedImage, ...]


class Import(_Value, frozen=True, kw_only=True, tag="import"):
    """Make a layer of a tar of a root file system, in any compression. Descriptor: the tar. Result: ``Layer``."""

    data: str


class Commit(_Value, frozen=True, kw_only=True, tag="commit"):
    """Make a layer of what a container wrote. Result: ``Layer``."""

    data: str
    rootfs: Rootfs


class SavedImage(_Value, frozen=True, kw_only=True):
    """An image to write: its configuration's digest, the names it gets in the archive, its layers, base first."""

    config: str
    names: tuple[str, ...]
    layers: tuple[Layer, ...]


class Save(_Value, frozen=True, kw_only=True, tag="save"):
    """Write images as ``docker save`` does. Descriptor: where to. Result: ``Nothing``."""

    data: str
    images: tuple[SavedImage, ...]


class StoreBlob(_Value, frozen=True, kw_only=True, tag="store-blob"):
    """Keep a configuration. Result: ``Stored``."""

    data: str
    content: str


class Stored(_Value, frozen=True, kw_only=True):
    """The digest of what was kept."""

    digest: str


class CopyRoot(_Value, frozen=True, kw_only=True, tag="copy-root"):
    """Copy a root's layers into its ``upper``, where the host refuses an overlay. Result: ``Nothing``."""

    rootfs: Rootfs


class Remove(_Value, frozen=True, kw_only=True, tag="remove"):
    """Remove files and folders below ``data``; what is gone already is no error. Result: ``Nothing``."""

    data: str
    paths: tuple[str, ...]


class Measure(_Value, frozen=True, kw_only=True, tag="measure"):
    """The bytes of a folder's files. Result: ``Measured``."""

    folder: str


class Measured(_Value, frozen=True, kw_only=True):
    """Bytes."""

    size: int


class Nothing(_Value, frozen=True, kw_only=True):
    """It was done."""


Task = Load | Import | Commit | Save | StoreBlob | CopyRoot | Remove | Measure
Result = Loaded | Layer | Stored | Measured | Nothing
