"""Where this host keeps control groups: version 1, version 2, both beside each other, or none that we may use."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

#: The controllers that we use, those of version 1 by its names; ``cpuacct`` counts what ``cpu`` limits.
CONTROLLERS = ("memory", "pids", "cpu", "cpuacct", "devices")
#: What version 2 has to hand down from group to group; CPU time is counted anyway, and devices are nobody's.
HANDED_DOWN = ("memory", "pids", "cpu")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder below which we make groups, for each controller that we use and this host has.

    ``version`` is 1, 2 or 0 for none; in version 2 all controllers have the same folder. ``says`` is why there is none.
    Only version 1 can refuse devices (``devices`` is among the folders): where it cannot, a container must not have
    the capability MKNOD, and its root is to be mounted without devices.
    """

    version: int
    folders: tuple[tuple[str, Path], ...] = ()
    says: str = ""

    @property
    def refuses_devices(self) -> bool:
        """Whether a group keeps its processes from all devices but the usual ones."""
        return any(name == "devices" for name, _ in self.folders)


def host() -> Layout:
    """This host's layout, as this process may use it. Never fails: where there is none it says why."""
    try:
        found = layout(Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError as error:
        return Layout(0, says=f"/proc/self/mountinfo cannot be read: {error.strerror}")
    if found.version == 2:  # noqa: PLR2004 - cgroups(7)
        found = _with_controllers(found)
    if _in_user_namespace():  # where no device can be made, and no group may refuse any
        found = replace(found, folders=tuple(pair for pair in found.folders if pair[0] != "devices"))
    refused = next((folder for _, folder in found.folders if not os.access(folder, os.W_OK)), None)
    if refused:
        return Layout(0, says=f"this process may not make groups in {refused}, so there are no limits of memory or CPU")
    return found


def layout(mountinfo: str) -> Layout:
    """The layout that a mount table (proc_pid_mountinfo(5)) tells of; all controllers of version 2 are assumed.

    Where both versions are mounted, version 1 has the controllers, or at least those that we need: a controller is in
    one of them only, and a host that mounts version 1 did so to use it.
    """
    first: dict[str, Path] = {}
    second: Path | None = None
    for line in mountinfo.splitlines():
        before, _, behind = line.partition(" - ")
        fields, kind = before.split(" "), behind.split(" ")
        if kind[0] == "cgroup":
            names = kind[2].split(",")
            first |= {name: _path(fields[4]) for name in CONTROLLERS if name in names and name not in first}
        elif kind[0] == "cgroup2" and second is None:
            second = _path(fields[4])
    if "memory" in first or "pids" in first:
        return Layout(1, tuple((name, first[name]) for name in CONTROLLERS if name in first))
    if second:
        return Layout(2, tuple((name, second) for name in (*HANDED_DOWN, "cpuacct")))
    return Layout(0, says="no control groups are mounted here, so there are no limits of memory or CPU")


def _with_controllers(found: Layout) -> Layout:
    """Version 2 without the controllers that its root does not have."""
    root = found.folders[0][1]
    try:
        has = (root / "cgroup.controllers").read_text(encoding="ascii").split()
    except OSError as error:
        return Layout(0, says=f"{root} cannot be read: {error.strerror}")
    missing = [name for name in HANDED_DOWN if name not in has]
    if missing:
        return Layout(0, says=f"the control groups in {root} have no controller {missing[0]}, so there are no limits")
    return found


def _in_user_namespace() -> bool:
    """Whether ids here are not those of the host (user_namespaces(7))."""
    return Path("/proc/self/uid_map").read_text(encoding="ascii").split() != ["0", "0", "4294967295"]


def _path(field: str) -> Path:
    """A path as mountinfo writes it: blanks and the like as octal numbers."""
    return Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), field))
