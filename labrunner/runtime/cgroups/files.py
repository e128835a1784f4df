"""The files of control groups: groups are folders, and what they count and limit is in files (cgroups(7))."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from pathlib import Path

from labrunner.runtime.cgroups.layout import HANDED_DOWN
from labrunner.runtime.errors import Kind, RuntimeFailure

#: How often, and how many seconds apart, something is tried that the kernel will do soon: a second in all.
ATTEMPTS, PAUSE = 200, 0.005


def make(base: Path, own: str, *, hand_down: bool) -> None:
    """A group and those above it; of these another engine may just have removed one that was empty."""
    for _ in range(ATTEMPTS):
        with contextlib.suppress(FileNotFoundError):
            folder = base
            for name in own.split("/"):
                if hand_down:
                    _hand_down(folder)
                folder /= name
                folder.mkdir(exist_ok=True)
            return
    raise RuntimeFailure(Kind.BROKEN, f"the control group {own} was to be made in {base}, and it vanishes")


def _hand_down(folder: Path) -> None:
    """Let the groups in this one have the controllers, which version 2 gives to nobody by itself."""
    switch = folder / "cgroup.subtree_control"
    given = switch.read_text(encoding="ascii").split()
    if missing := [f"+{name}" for name in HANDED_DOWN if name not in given]:
        switch.write_text(" ".join(missing), encoding="ascii")


def remove(folder: Path) -> None:
    """Remove a group; OSError where it is not empty after a second, since one that has just ended may count longer."""
    for attempt in range(ATTEMPTS):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.EBUSY or attempt == ATTEMPTS - 1:
                raise
            time.sleep(PAUSE)
        else:
            return


def write(file: Path, content: str) -> None:
    """Write a file at once, which is how the kernel takes it; without the layers of text files, which a shim keeps."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC)
    try:
        os.write(descriptor, content.encode("ascii"))
    finally:
        os.close(descriptor)


def number(folder: Path | None, name: str) -> int | None:
    """What a file counts; None where there is no such file, or where it says ``max``."""
    if folder is None:
        return None
    try:
        text = (folder / name).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    return int(text) if text.isdigit() else None


def record(folder: Path | None, name: str) -> dict[str, int]:
    """A file of names and numbers; empty where there is none."""
    if folder is None:
        return {}
    try:
        lines = (folder / name).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return {}
    return {key: int(value) for key, _, value in (line.partition(" ") for line in lines)}
