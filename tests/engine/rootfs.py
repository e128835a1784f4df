"""A container's root made of the host's own programs and the libraries that they need: small, and needs no image."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_PROGRAMS = (
    "bash cat chmod chown echo env false head id kill ln ls mkdir mknod mount ps readlink rm sh sleep stat stty tail"
    " test touch true tty umount uname unshare wc yes"
)
_PASSWD = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n"  # noqa: S105 - no password
_GROUP = "root:x:0:\ntty:x:5:\nalice:x:1000:\nstaff:x:50:alice\n"


def make(root: Path) -> None:
    """Make it in the folder ``root``, which is not there yet."""
    for folder in ("bin", "dev", "etc", "home/alice", "proc", "root", "sys", "tmp"):
        (root / folder).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text(_PASSWD)
    (root / "etc/group").write_text(_GROUP)
    programs = [Path(shutil.which(name) or "") for name in _PROGRAMS.split()]
    for program in programs:
        shutil.copy(program, root / "bin" / program.name)
    found = subprocess.run(["ldd", *map(str, programs)], check=False, capture_output=True, text=True).stdout
    for library in {word for word in found.split() if word.startswith("/") and not word.endswith(":")}:
        (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, root / library[1:])
