"""The system calls that need no privilege, and how a refused one is told."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from labrunner.runtime import syscalls


@pytest.mark.parametrize("way", ["../outside", "/../outside", "link", "folder/../../outside"])
def test_no_path_leads_out_of_a_root(tmp_path: Path, way: str) -> None:
    (tmp_path / "outside").write_text("secret")
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "link").symlink_to("/../../outside")
    (root / "outside").write_text("inside")
    descriptor = os.open(root, os.O_PATH)
    try:
        found = syscalls.open_in_root(descriptor, way, os.O_RDONLY)
    finally:
        os.close(descriptor)
    with os.fdopen(found) as file:
        assert file.read() == "inside"


def test_a_refused_call_says_what_was_attempted(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_PATH)
    try:
        with pytest.raises(OSError, match="open nothing") as caught:
            syscalls.open_in_root(descriptor, "nothing", os.O_RDONLY)
    finally:
        os.close(descriptor)
    assert caught.value.errno == errno.ENOENT


def test_proc_is_told_from_what_looks_like_it(tmp_path: Path) -> None:
    for folder, true in ((Path("/proc/self"), True), (tmp_path, False)):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            assert (syscalls.file_system_type(descriptor) == syscalls.PROC_SUPER_MAGIC) is true
        finally:
            os.close(descriptor)


def test_capabilities_are_those_of_proc() -> None:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    lines = dict(line.split(":\t") for line in status.splitlines() if line.startswith("Cap"))
    assert syscalls.capget() == tuple(int(lines[name], 16) for name in ("CapEff", "CapPrm", "CapInh"))
