"""One container's control group: made, limited, joined, read, emptied and removed.

Its path is ``labrunner/ENGINE/ID`` below the layout's folders. ENGINE is a hash of the engine's data folder, so that
what an engine left behind can be found and removed. With a layout of version 0 everything is done by doing nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from labrunner.runtime.cgroups.layout import Layout
from labrunner.runtime.spec import Limits


@dataclass(frozen=True, slots=True)
class Usage:
    """What a group uses: bytes, processes, nanoseconds of CPU time; None where nobody counts."""

    memory: int | None = None
    pids: int | None = None
    cpu: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A container's group. It is a value: whoever knows layout, engine and ID has it."""

    layout: Layout
    engine: str
    id: str

    def make(self, limits: Limits) -> None:
        """Make the group, with these limits. RuntimeFailure (BAD_LIMIT) for one that the kernel or Docker refuses."""

    def attach(self, pid: int) -> None:
        """Put a process into the group; 0 is the one that calls. What it forks later is in the group as well."""

    def limit(self, limits: Limits) -> None:
        """Change the limits of a group, as ``docker update`` does; None leaves one as it is.

        RuntimeFailure as ``make``.
        """

    def usage(self) -> Usage:
        """What the group uses now."""
        return Usage()

    def oom_kills(self) -> int:
        """How many of its processes the kernel killed for want of memory."""
        return 0

    def members(self) -> tuple[int, ...]:
        """The PIDs in the group, as this process's PID namespace counts."""
        return ()

    def kill(self) -> None:
        """Kill every process in the group, those that fork meanwhile as well."""

    def remove(self) -> None:
        """Remove the empty group; one that is gone is no error. OSError where it does not get empty in a second."""


def engine_of(data: str) -> str:
    """The name of an engine's groups: a hash of its data folder's path."""
    return data.strip("/").replace("/", "-")


def leftovers(layout: Layout, engine: str) -> tuple[str, ...]:
    """The IDs of all containers that have a group of this engine."""
    del layout, engine
    return ()
