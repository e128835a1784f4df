"""The parts of one engine, which routes and the life of containers share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labrunner.daemon.containers.registry import Registry
from labrunner.daemon.database import Database
from labrunner.daemon.events import Events
from labrunner.daemon.images.store import Images
from labrunner.daemon.sweeper import Sweeper
from labrunner.daemon.zygote import Zygote
from labrunner.runtime.modes import Mode


@dataclass(frozen=True)
class Parts:
    """One data folder's parts. Whatever is not on disk is in here.

    Where the host ``copies``, it refuses overlays on the data folder, and each container has its image's files.
    """

    data: Path
    mode: Mode
    copies: bool
    database: Database
    events: Events
    zygote: Zygote
    images: Images
    registry: Registry
    sweeper: Sweeper
