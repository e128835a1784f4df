"""The data folder: made where it is missing, of one version, and one daemon's at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from labrunner.runtime.errors import Kind, RuntimeFailure

VERSION = "1"
_PARTS = ("blobs/sha256", "layers", "run", "tmp")


def take(data: Path) -> int:
    """Make the folder and take its lock, which holds as long as the descriptor is open. RuntimeFailure.

    Refused is a folder that another daemon has, and one that another version made.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RuntimeFailure(Kind.BROKEN, f"the engine's data cannot lie in {data}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise RuntimeFailure(
            Kind.BROKEN, f"another engine runs on {data}: stop it with labrunner engine stop, or name another folder"
        ) from None
    _check_version(data / "version")
    for part in _PARTS:
        (data / part).mkdir(mode=0o700, parents=True, exist_ok=True)
    return lock


def _check_version(path: Path) -> None:
    try:
        found = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.write_text(f"{VERSION}\n", encoding="ascii")
        return
    if found != VERSION:
        raise RuntimeFailure(
            Kind.OTHER_VERSION,
            f"{path.parent} is of version {found}, and this engine reads version {VERSION}: name another folder, "
            "or use the labrunner that made it",
        )
