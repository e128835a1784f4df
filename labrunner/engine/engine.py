"""One engine, asked in the course's terms: containers, images, processes, logs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from labrunner.engine.api import Api, ApiError
from labrunner.engine.objects import Container, HistoryEntry, Image, Process, is_podman
from labrunner.engine.references import full_id, shown
from labrunner.wire.streams import frames

#: The version of Podman's own API that is spoken where it has nothing of Docker's.
_LIBPOD = "v4.0.0"


class Engine:
    """What the rest of the course asks of an engine. Each answer is the engine's of that moment."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.api = Api(host)

    def containers(self) -> tuple[Container, ...]:
        """Every container, running or not, the newest first."""
        rows = self.api.json("GET", "/containers/json", all="1")
        found = (self.container(row["Id"]) for row in rows)
        return tuple(container for container in found if container is not None)

    def container(self, name: str) -> Container | None:
        """The container of that name or ID."""
        data = self.api.find(f"/containers/{name}/json")
        return None if data is None else Container.read(data)

    def image(self, reference: str) -> Image | None:
        """The image of that reference or ID."""
        data = self.api.find(f"/images/{reference}/json")
        return None if data is None else Image.read(data)

    def image_rows(self) -> tuple[Mapping[str, Any], ...]:
        """The engine's list of images without the intermediate ones: Id, RepoTags, RepoDigests, Labels."""
        rows = self.api.json("GET", "/images/json")
        return tuple(
            {**row, **{key: [shown(name) for name in row[key] or ()] for key in ("RepoTags", "RepoDigests")}}
            for row in rows
        )

    def parents(self) -> Mapping[str, str]:
        """The ID of each image, intermediate ones too, and of the one that it was built on; empty for none."""
        rows = self.api.json("GET", "/images/json", all="1")
        return {row["Id"]: full_id(row.get("ParentId") or "") for row in rows}

    def history(self, reference: str) -> tuple[HistoryEntry, ...]:
        """The image's history, base first."""
        rows = self.api.json("GET", f"/images/{reference}/history")
        return tuple(HistoryEntry(int(row["Created"]), row["CreatedBy"], int(row["Size"])) for row in reversed(rows))

    def volumes(self) -> frozenset[str]:
        """The names of all volumes."""
        found = self.api.json("GET", "/volumes")
        return frozenset(volume["Name"] for volume in found.get("Volumes") or ())

    def processes(self, container: Container) -> tuple[Process, ...]:
        """The container's processes, as this engine's host numbers them; none where it does not run."""
        # Docker runs the host's ps with these words. Podman would run the container's own, and leave its rows unsplit,
        # unless it is given names of columns that it knows itself: hpid is the PID on the host (podman-top(1)).
        columns = "hpid,args" if self.is_podman else "-eo pid,args"
        try:
            found = self.api.json("GET", f"/containers/{container.id}/top", ps_args=columns)
        except ApiError:
            return ()
        return tuple(Process(int(row[0]), row[1].strip()) for row in (found or {}).get("Processes") or ())

    @cached_property
    def is_podman(self) -> bool:
        """Whether Podman answers, which differs from Docker in a few answers."""
        return is_podman(self.api.json("GET", "/version"))

    @cached_property
    def libpod(self) -> Api:
        """Podman's own API, at the paths that begin with /libpod (https://docs.podman.io/en/v4.3/_static/api.html)."""
        return Api(self.host, version=_LIBPOD)

    def limit_memory(self, identity: str, limits: Mapping[str, Any]) -> None:
        """Change a container's limits of memory on Podman; ``limits`` is the body of Docker's update call, in bytes.

        Podman 4 has no such endpoint of Docker's API, but one of its own (ContainerUpdateLibpod), which takes an OCI
        runtime's limits.
        """
        memory = {"limit": limits.get("Memory") or None, "swap": limits.get("MemorySwap") or None}
        given = {"memory": {name: value for name, value in memory.items() if value is not None}}
        self.libpod.bytes("POST", f"/libpod/containers/{identity}/update", given)  # it answers in text

    def logs(self, container: Container, *, tail: int = 200) -> str:
        """The last lines that the container wrote, both streams in order."""
        stream = self.api.bytes(
            "GET", f"/containers/{container.id}/logs", stdout="1", stderr="1", timestamps="1", tail=str(tail)
        )
        payload = stream if container.tty else b"".join(part for _, part in frames(stream))
        return payload.decode(errors="replace")

    def run_inside(self, container: Container, *command: str) -> str:
        """What a command prints that is run beside the container's process 1."""
        made = self.api.json(
            "POST",
            f"/containers/{container.id}/exec",
            {"Cmd": list(command), "AttachStdout": True, "AttachStderr": False},
        )
        stream = self.api.bytes("POST", f"/exec/{made['Id']}/start", {"Detach": False, "Tty": False})
        return b"".join(part for number, part in frames(stream) if number == 1).decode(errors="replace")

    def remove_container(self, name: str) -> bool:
        """Remove a container and its anonymous volumes, running or not; False where it was gone already."""
        return self._remove(f"/containers/{name}", force="1", v="1")

    def remove_image(self, reference: str) -> bool:
        """Take a reference from an image, and the image with its last one; False where it was gone or is in use."""
        return self._remove(f"/images/{reference}")

    def remove_volume(self, name: str) -> bool:
        """Remove a volume; False where it was gone or is in use."""
        return self._remove(f"/volumes/{name}")

    def remove_network(self, name: str) -> bool:
        """Remove a network; False where it was gone or is in use."""
        return self._remove(f"/networks/{name}")

    def _remove(self, path: str, **query: str) -> bool:
        try:
            self.api.json("DELETE", path, **query)
        except ApiError as error:
            if error.status in {403, 404, 409}:
                return False
            raise
        return True
