"""What the database keeps: what is wanted, never what runs (that is in the run folders)."""

from __future__ import annotations

import msgspec

from labrunner.daemon.shapes import Config, HostConfig
from labrunner.runtime.storage.tasks import Layer


class _Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row's content."""


class ContainerRecord(_Record, frozen=True, kw_only=True):
    """A container as it was asked for. ``image`` is the image's ID; ``created`` in nanoseconds since 1970.

    ``stopped`` says that somebody stopped it, so that ``unless-stopped`` does not start it again.
    """

    id: str
    name: str
    created: int
    image: str
    config: Config
    host: HostConfig
    stopped: bool = False


class ImageRecord(_Record, frozen=True, kw_only=True):
    """An image: the digest of its configuration, that configuration as it came, its layers, base first."""

    id: str
    content: str
    layers: tuple[Layer, ...]
    parent: str = ""  # the image of which it was committed
    tagged: int = 0  # when it last got a name, nanoseconds since 1970
