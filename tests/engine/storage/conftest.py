"""A store in memory for each test, which leaves no descriptor open."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.storage.store import Store


@pytest.fixture
def store() -> Iterator[Store]:
    """An empty data folder."""
    shared = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
    data = Path(tempfile.mkdtemp(prefix="labrunner-store-", dir=shared if shared.is_dir() else None))
    before = descriptors()
    yield Store(data)
    assert descriptors() == before
    shutil.rmtree(data)


def descriptors() -> int:
    """How many are open."""
    return len(list(Path("/proc/self/fd").iterdir()))
