"""What an engine holds, as frozen data read from the Docker Engine API's JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from labrunner.engine.references import shown


def timestamp(text: str) -> datetime | None:
    """A time as Docker writes it (nanoseconds, UTC or an offset); None for its zero time or an empty string."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(re.sub(r"\.(\d+)", lambda fraction: f".{fraction[1][:6]:0<6}", text))


def is_podman(version: Mapping[str, Any]) -> bool:
    """Whether what answered ``GET /version`` so is Podman."""
    return any(part.get("Name") == "Podman Engine" for part in version.get("Components") or ())


def is_rootless(info: Mapping[str, Any]) -> bool:
    """Whether what answered ``GET /info`` so runs as an ordinary user; Docker says so in an option, Podman beside."""
    return bool(info.get("Rootless")) or any("rootless" in option for option in info.get("SecurityOptions") or ())


@dataclass(frozen=True)
class Port:
    """A published port: the container's, its protocol, and where it is on the host."""

    container: int
    protocol: str
    host_ip: str
    host: int


@dataclass(frozen=True)
class Container:
    """One container, from ``GET /containers/{id}/json``. ``memory`` is the limit in bytes, 0 for none."""

    id: str
    name: str
    image: str
    image_id: str
    command: tuple[str, ...]
    running: bool
    status: str
    exit_code: int
    error: str
    pid: int
    created: datetime | None
    started: datetime | None
    ports: tuple[Port, ...]
    memory: int
    volumes: tuple[str, ...]
    tty: bool

    @property
    def short(self) -> str:
        """The ID as ``docker container ls`` shows it."""
        return self.id[:12]

    @property
    def age(self) -> float:
        """Seconds since it was started; infinite if it never was."""
        return (datetime.now(UTC) - self.started).total_seconds() if self.started else float("inf")

    def host_ports(self, port: int) -> tuple[int, ...]:
        """The ports of the host behind which the container's TCP port stands."""
        return tuple(dict.fromkeys(p.host for p in self.ports if p.container == port and p.protocol == "tcp"))

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Container:
        """From the API's JSON."""
        state, config, host = data["State"], data["Config"], data["HostConfig"]
        bindings = (data.get("NetworkSettings") or {}).get("Ports") or {}
        if not state.get("Running"):
            bindings = host.get("PortBindings") or {}
        return cls(
            id=data["Id"],
            name=data["Name"].lstrip("/"),
            image=shown(config.get("Image", "")),
            image_id=data["Image"],
            command=(data.get("Path") or "", *(data.get("Args") or ())),
            running=bool(state.get("Running")),
            status=state.get("Status", ""),
            exit_code=int(state.get("ExitCode", 0)),
            error=state.get("Error") or "",
            pid=int(state.get("Pid") or 0),
            created=timestamp(data.get("Created", "")),
            started=timestamp(state.get("StartedAt", "")),
            ports=tuple(
                Port(int(key.split("/")[0]), key.partition("/")[2] or "tcp", b.get("HostIp", ""), int(b["HostPort"]))
                for key, bound in bindings.items()
                for b in bound or ()
                if (b.get("HostPort") or "").isdigit()  # a range that was asked for is none yet
            ),
            memory=int(host.get("Memory") or 0),
            volumes=_volumes(data.get("Mounts") or ()),
            tty=bool(config.get("Tty")),
        )


def _volumes(mounts: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of mounted volumes, sorted: an engine gives them in another order each time."""
    return tuple(sorted(m["Name"] for m in mounts if m.get("Type") == "volume" and m.get("Name")))


@dataclass(frozen=True)
class Image:
    """One image, from ``GET /images/{name}/json``; ``layers`` are digests of the uncompressed layers, base first."""

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    layers: tuple[str, ...]
    command: tuple[str, ...]
    exposed: tuple[int, ...]
    labels: Mapping[str, str]
    size: int

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Image:
        """From the API's JSON."""
        config = data.get("Config") or {}
        return cls(
            id=data["Id"],
            tags=tuple(map(shown, data.get("RepoTags") or ())),
            digests=tuple(map(shown, data.get("RepoDigests") or ())),
            layers=tuple((data.get("RootFS") or {}).get("Layers") or ()),
            command=tuple(config.get("Cmd") or ()),
            exposed=tuple(int(port.split("/")[0]) for port in config.get("ExposedPorts") or {}),
            labels=config.get("Labels") or {},
            size=int(data.get("Size", 0)),
        )


@dataclass(frozen=True)
class HistoryEntry:
    """One line of an image's history: when it was made (seconds since 1970) and by what; ``size`` in bytes."""

    created: int
    created_by: str
    size: int


@dataclass(frozen=True)
class Process:
    """A row of a container's process table as the engine's host numbers it."""

    pid: int
    command: str
