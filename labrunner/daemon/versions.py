"""The versions of the API that are served, and Docker's words for the others."""

from __future__ import annotations

import re
from importlib import metadata

from labrunner.daemon.errors import bad_request

#: This program's version.
OURS = metadata.version("labrunner")
OLDEST, NEWEST = (1, 24), (1, 45)
_VERSION = re.compile(r"v([0-9]{1,4})\.([0-9]{1,4})")


def text(version: tuple[int, int]) -> str:
    """As clients write it: 1.45."""
    return ".".join(map(str, version))


def split(path: tuple[str, ...]) -> tuple[tuple[int, int], tuple[str, ...]]:
    """A path's version, the newest where it has none, and what follows it. ApiError for one that is not served."""
    match = _VERSION.fullmatch(path[0]) if path else None
    if match is None:
        return NEWEST, path
    asked = (int(match[1]), int(match[2]))
    if asked < OLDEST:
        raise bad_request(
            f"client version {text(asked)} is too old. Minimum supported API version is {text(OLDEST)}, "
            "please upgrade your client to a newer version"
        )
    if asked > NEWEST:
        raise bad_request(f"client version {text(asked)} is too new. Maximum supported API version is {text(NEWEST)}")
    return asked, path[1:]
