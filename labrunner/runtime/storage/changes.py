"""What a container changed in its root, as its overlay's upper folder has it; ``comparison`` finds it in a copied root.

The order is that of ``walk``: a folder before what is in it, names in the order of their bytes, so that the same
changes always make the same tar.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.storage import marks
from labrunner.runtime.storage.failures import shown
from labrunner.runtime.storage.walk import Found, open_below, walk


class Change(NamedTuple):
    """A file that is new or another than below; ``found`` is None where it is gone.

    ``opaque``: a folder in which nothing of what lies below is seen any more.
    """

    path: bytes
    found: Found | None
    opaque: bool = False


def of_overlay(upper: int) -> Iterator[Change]:
    """The changes in an open upper folder. RuntimeFailure where its overlay was mounted with what we never ask for."""
    for found in walk(upper):
        if marks.is_whiteout(found.status):
            yield Change(found.path, None)
        elif stat.S_ISDIR(found.status.st_mode):
            yield Change(found.path, found, _is_opaque(found))
        else:
            yield Change(found.path, found)


def _is_opaque(found: Found) -> bool:
    folder = open_below(found.parent, found.name, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if marks.is_redirected(folder):
            raise RuntimeFailure(Kind.BROKEN, f"the folder {shown(found.path)} stands for another one of its overlay")
        return marks.is_opaque(folder)
    finally:
        os.close(folder)
