"""Docker 26.1, the oracle for API 1.42 to 1.45: Debian trixie's, in a root file system that is made once."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

#: Its docker import wants ps and xz. Kept from one run to the next, since making it takes longer than the tests do.
ARCHIVE = Path(tempfile.gettempdir(), f"labrunner-trixie-{os.getuid()}.tar")
ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
#: Docker's own load and run chroot and pivot: in a plain chroot they fail, in a root of its own they work.
ENTER = """
set -eu
data=$1; shift
root=$data/root
mkdir "$root"
mount -t tmpfs -o size=2g tmpfs "$root"
tar -xpf "$0" -C "$root"
mkdir -p "$root$data"
mount --rbind "$data" "$root$data"
for part in /proc /sys /dev; do mount --rbind $part "$root$part"; done
cd "$root"
mkdir old
pivot_root . old
umount -l old
exec "$@"
"""


def inside(data: Path) -> list[str]:
    """The words before a command that run it in that root, where ``data`` is the same folder as outside."""
    if not ARCHIVE.exists():
        make()
    return ["sh", "-c", ENTER, str(ARCHIVE), str(data)]


def make() -> None:
    """Make the archive with mmdebstrap, from whatever registry this host's apt is told to use."""
    if shutil.which("mmdebstrap") is None:
        pytest.skip("mmdebstrap is missing; type: apt-get install --no-install-recommends mmdebstrap")
    new = ARCHIVE.with_suffix(".new.tar")
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=docker.io,procps,xz-utils", "trixie", str(new)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        new.unlink(missing_ok=True)
        pytest.skip(f"Debian trixie's docker.io cannot be had here: {made.stderr[-300:]}")
    new.rename(ARCHIVE)
