"""What all shims of an engine have in common: the way to run, and where the host's control groups are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labrunner.runtime.cgroups import group, layout
from labrunner.runtime.modes import Mode
from labrunner.runtime.plan.container import Host


@dataclass(frozen=True, slots=True)
class Engine:
    """The facts of a host and a data folder, found once by the zygote."""

    mode: Mode
    layout: layout.Layout
    name: str

    @classmethod
    def at(cls, data: Path, mode: Mode) -> Engine:
        """Look at this host."""
        return cls(mode, layout.host(), group.engine_of(str(data)))

    def group(self, container: str) -> group.Group:
        """The control group of a container."""
        return group.Group(self.layout, self.name, container)

    def host(self, container: str) -> Host:
        """What the plan of a container has to know."""
        own = self.group(container)
        folders = [(name, str(own.folder(name))) for name, _ in self.layout.folders] if self.layout.version == 1 else []
        return Host(self.mode, self.layout.version, tuple(folders), refuses_devices=self.layout.refuses_devices)
