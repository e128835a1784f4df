"""One container's control group: made, limited, joined, read, emptied and removed.

Its path is ``labrunner/ENGINE/ID`` below the layout's folders. ENGINE is a hash of the engine's data folder, so that
what an engine left behind can be found and removed. With a layout of version 0 everything is done by doing nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labrunner.runtime.cgroups import files
from labrunner.runtime.cgroups.layout import Layout
from labrunner.runtime.cgroups.limits import DEVICES, MEMORY_SWAP, check, first_version, second_version
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.spec import Limits

_PARENT = "labrunner"
_PROCESSES = "cgroup.procs"


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

    def folder(self, controller: str) -> Path | None:
        """The group's folder for a controller; None where there is none."""
        return next((base / self._own for name, base in self.layout.folders if name == controller), None)

    def make(self, limits: Limits) -> None:
        """Make the group, with these limits; one that an earlier run left is removed, since it counted already.

        RuntimeFailure (BAD_LIMIT) for a limit that the kernel or Docker refuses; then there is no group.
        """
        check(limits)
        if any(folder.is_dir() for folder in self._folders()):
            self.remove()
        for base in self._bases():
            files.make(base, self._own, hand_down=self.layout.version == 2)  # noqa: PLR2004 - cgroups(7)
        try:
            if devices := self.folder("devices"):
                files.write(devices / "devices.deny", "a")
                for allowed in DEVICES:
                    files.write(devices / "devices.allow", allowed)
            self._write(limits)
        except BaseException:
            self.remove()
            raise

    def attach(self, pid: int) -> None:
        """Put a process into the group; 0 is the one that calls. What it forks later is in the group as well.

        Some ten milliseconds after a moment of idleness, however many hierarchies there are: the kernel waits once.
        """
        for folder in self._folders():
            files.write(folder / _PROCESSES, str(pid))

    def limit(self, limits: Limits) -> None:
        """Change the limits of a group, as ``docker update`` does; None leaves one as it is.

        RuntimeFailure as ``make``, and where memory alone is to be more than memory and swap already may be.
        """
        check(limits)
        self._write(limits)

    def usage(self) -> Usage:
        """What the group uses now."""
        memory, cpu = self.folder("memory"), self.folder("cpuacct")
        if self.layout.version == 1:
            used = files.number(memory, "memory.usage_in_bytes")
            return Usage(used, files.number(self.folder("pids"), "pids.current"), files.number(cpu, "cpuacct.usage"))
        time_used = files.record(cpu, "cpu.stat").get("usage_usec")
        return Usage(
            files.number(memory, "memory.current"),
            files.number(self.folder("pids"), "pids.current"),
            None if time_used is None else time_used * 1000,
        )

    def oom_kills(self) -> int:
        """How many of its processes the kernel killed for want of memory."""
        name = "memory.oom_control" if self.layout.version == 1 else "memory.events"
        return files.record(self.folder("memory"), name).get("oom_kill", 0)

    def members(self) -> tuple[int, ...]:
        """The PIDs in the group, as this process's PID namespace counts; those beyond it are left out."""
        found: set[int] = set()
        for folder in self._folders():
            with contextlib.suppress(FileNotFoundError):
                found |= {int(pid) for pid in (folder / _PROCESSES).read_text(encoding="ascii").split()}
        return tuple(sorted(found - {0}))  # which is how one beyond is counted, and to kill(2) it is ourselves

    def kill(self) -> None:
        """Kill every process in the group, and wait a second at most; they cannot fork meanwhile."""
        with contextlib.suppress(OSError):  # there is no such group, or no such controller
            if pids := self.folder("pids"):
                (pids / "pids.max").write_text("0", encoding="ascii")
        for _ in range(files.ATTEMPTS):
            members = self.members()
            for pid in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if not members:
                return
            time.sleep(files.PAUSE)

    def remove(self) -> None:
        """Remove the empty group, and what was above it for this engine alone; one that is gone is no error.

        OSError (EBUSY) where it does not get empty in a second.
        """
        for base in self._bases():
            files.remove(base / self._own)
            for above in (base / self._own).parents[:2]:
                with contextlib.suppress(OSError):  # another container's, or another engine's
                    above.rmdir()

    @property
    def _own(self) -> str:
        return f"{_PARENT}/{self.engine}/{self.id}"

    def _bases(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys(base for _, base in self.layout.folders))

    def _folders(self) -> Iterator[Path]:
        return (base / self._own for base in self._bases())

    def _write(self, limits: Limits) -> None:
        if self.layout.version == 1:
            self._write_first(limits)
        elif memory := self.folder("memory"):
            present = files.number(memory, "memory.max")
            swap = files.number(memory, "memory.swap.max")
            _require_order(limits, None if present is None or swap is None else present + swap)
            cpu = (memory / "cpu.max").read_text(encoding="ascii")
            for name, content in second_version(limits, memory=present, cpu=cpu):
                if (memory / name).exists():  # a host may count no swap
                    _limit(memory / name, content)

    def _write_first(self, limits: Limits) -> None:
        """Memory with swap may at no time be less than memory: what grows is written from the other end."""
        swap = files.number(self.folder("memory"), MEMORY_SWAP)
        _require_order(limits, swap)
        wanted = list(first_version(limits))
        if swap is not None and limits.memory_swap is not None and not 0 < limits.memory_swap < swap:
            wanted.sort(key=lambda one: one[1] != MEMORY_SWAP)
        for controller, name, content in wanted:
            folder = self.folder(controller)
            if folder and (folder / name).exists():  # a host may count no swap
                _limit(folder / name, content)


def engine_of(data: str) -> str:
    """The name of an engine's groups: a hash of its data folder's path."""
    return hashlib.sha256(os.path.realpath(data).encode(errors="surrogateescape")).hexdigest()[:12]


def leftovers(layout: Layout, engine: str) -> tuple[str, ...]:
    """The IDs of all containers that have a group of this engine."""
    folders = {base / _PARENT / engine for _, base in layout.folders}
    return tuple(sorted({group.name for folder in folders for group in folder.glob("*/")}))


def _require_order(limits: Limits, swap: int | None) -> None:
    """``swap`` is what memory and swap together may be now, None for no limit."""
    if swap is not None and limits.memory_swap is None and (limits.memory or 0) > swap:
        says = (
            "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time"
        )
        raise RuntimeFailure(Kind.BAD_LIMIT, says)


def _limit(file: Path, content: str) -> None:
    try:
        files.write(file, content)
    except OSError as error:
        says = f"failed to write {content} to {file.name}: {os.strerror(error.errno or 0).lower()}"
        raise RuntimeFailure(Kind.BAD_LIMIT, says, errno=error.errno or 0) from error
