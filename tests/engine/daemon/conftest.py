"""A data folder for each test, in memory: after many removals a disk makes files slowly."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder that is not there yet, in one that is removed."""
    if os.getuid():
        pytest.skip("needs root")
    shared = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
    above = Path(tempfile.mkdtemp(prefix="labrunner-daemon-", dir=shared if shared.is_dir() else None))
    yield above / "data"
    shutil.rmtree(above)
