"""A zygote for each module and way to run, and what must not be left behind when it has ended."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from labrunner.runtime.cgroups import group, layout
from labrunner.runtime.modes import Mode
from tests.engine.harness import ORDINARY, Runtime, runtime
from tests.unit.processes import waited


def _python_is_readable() -> bool:
    """Whether an ordinary user may execute the Python that runs this."""
    path = Path(os.path.realpath(sys.executable))
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


@pytest.fixture(scope="module", params=list(Mode), ids=[mode.value for mode in Mode])
def running(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    """A runtime; as an ordinary user only ``single`` can be tried."""
    mode: Mode = request.param
    if mode is Mode.ROOT and os.getuid():
        pytest.skip("needs root")
    if mode is Mode.SINGLE and not os.getuid() and not _python_is_readable():
        pytest.skip(f"needs a Python that the user {ORDINARY} may execute")
    shared = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
    above = Path(tempfile.mkdtemp(prefix="labrunner-run-", dir=shared if shared.is_dir() else None))
    above.chmod(0o755)
    before = _mounts()
    with runtime(above / "data", mode) as made:
        yield made
    assert _mounts() == before
    assert waited(lambda: not _processes(str(above)))  # a shim ends when it has told its container's end
    assert not group.leftovers(layout.host(), group.engine_of(str(above / "data")))
    shutil.rmtree(above)


def _mounts() -> set[str]:
    """Mount points of ours; other mounts of the host may come and go meanwhile."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return {line.split()[4] for line in lines if "labrunner-run-" in line}


def _processes(part: str) -> list[str]:
    """The command lines that hold ``part``, which is in those of zygote and shims."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if part in line:
            found.append(line)
    return found
