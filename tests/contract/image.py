"""The image that the contract runs: a few of the host's own programs with their libraries, and accounts to look up."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

NAME = "contract:latest"
PROGRAMS = (
    *(
        "bash",
        "cat",
        "chmod",
        "chown",
        "cp",
        "dd",
        "echo",
        "env",
        "false",
        "grep",
        "head",
        "hostname",
        "id",
        "kill",
        "ln",
    ),
    *("ls", "mkdir", "mknod", "mount", "mv", "nproc", "perl", "printf", "ps", "pwd", "readlink", "rm", "seq", "sh"),
    *("sha256sum", "sleep", "sort", "stat", "stty", "tail", "tee", "test", "top", "touch", "tr", "true", "tty"),
    *("uname", "unshare", "wc", "yes"),
)
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nlearner:x:1000:1001:A learner:/home/learner:/bin/sh\n",
    "etc/group": "root:x:0:\nlearners:x:1001:\nhelpers:x:1002:learner\n",
    "etc/os-release": "ID=contract\n",
}
#: What a terminal of this name can do (terminfo(5)), in Debian's place and in the usual one; ``top`` wants to know.
TERMINFO = (Path("/lib/terminfo/x/xterm"), Path("/usr/share/terminfo/x/xterm"))
FOLDERS = ("dev", "etc", "home", "home/learner", "proc", "root", "sys", "tmp", "usr/bin", "desk")


def root_file_system() -> bytes:
    """An uncompressed tar of it, with the same bytes for the same programs."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for folder in FOLDERS:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            if folder == "home/learner":
                entry.uid, entry.gid = 1000, 1001
            archive.addfile(entry)
        link = tarfile.TarInfo("bin")
        link.type, link.linkname = tarfile.SYMTYPE, "usr/bin"
        archive.addfile(link)
        for name, text in ACCOUNTS.items():
            add(archive, name, text.encode(), 0o644)
        add(archive, "desk/not-executable", b"#!/bin/sh\n", 0o644)
        programs = {program: Path(shutil.which(program) or f"/bin/{program}") for program in PROGRAMS}
        for program, path in programs.items():
            add(archive, f"usr/bin/{program}", path.read_bytes(), 0o755)
        for terminal in (path for path in TERMINFO if path.exists()):
            add(archive, str(terminal).lstrip("/"), terminal.read_bytes(), 0o644)
        for library in sorted(libraries(programs.values())):
            add(archive, str(library).lstrip("/"), library.read_bytes(), 0o755)
    return written.getvalue()


def add(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    """One file of root's."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def libraries(programs: Iterable[Path]) -> set[Path]:
    """What the programs are linked with, and the loader (ldd(1))."""
    told = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=True).stdout
    return {Path(path) for path in re.findall(r"(/\S+) \(0x", told)}
