"""Containers and images of a recording, all of which are gone at its end."""

from __future__ import annotations

import io
import secrets
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from labrunner.engine.connect import connect
from labrunner.engine.engine import Engine
from labrunner.engine.objects import Container
from labrunner.model.errors import ToolError


class Workshop:
    """What a recording makes on ``engine``; names are made up, so that they collide with nobody's."""

    def __init__(self, engine: Engine, client: Any) -> None:  # noqa: ANN401 - the SDK is known to engine only
        self.engine = engine
        self._client = client
        self._word = f"labrunner-pictures-{secrets.token_hex(4)}"
        self._containers: list[str] = []
        self._images: list[str] = []

    def run(self, image: str, *command: str, **options: Any) -> Container:  # noqa: ANN401 - the SDK's own options
        """A container that was started just now; ``options`` are those of docker-py's ``containers.run``."""
        made = self._client.containers.create(image, list(command) or None, detach=True, **options)
        self._containers.append(str(made.id))
        made.start()
        return self.container(str(made.id))

    def container(self, identity: str) -> Container:
        """That container as it is now; ToolError where somebody has removed it."""
        found = self.engine.container(identity)
        if found is None:
            raise ToolError(
                f"the recording asked for its container {identity[:12]}, and it is gone",
                next="record once more, while nobody removes containers",
            )
        return found

    def wait(self, container: Container) -> Container:
        """That container once it has ended."""
        self.engine.api.json("POST", f"/containers/{container.id}/wait")
        return self.container(container.id)

    def start_inside(self, container: Container, *command: str) -> None:
        """Start a command beside the container's process 1, and leave it running."""
        made = self._client.api.exec_create(container.id, list(command))
        self._client.api.exec_start(made["Id"], detach=True)

    def name(self, name: str) -> str:
        """An image's name for this recording only."""
        return f"{self._word}/{name}"

    def build(self, name: str, files: Mapping[str, str], *, fresh: bool = False) -> list[dict[str, Any]]:
        """Build an image; its steps ``{"instruction", "cached"}`` in order. ``fresh`` uses no cache."""
        words = self._client.api.build(
            fileobj=_context(files), custom_context=True, tag=name, nocache=fresh, rm=True, decode=True
        )
        steps: list[dict[str, Any]] = []
        for word in words:
            if "error" in word:
                raise ToolError(f"the recording built {name}, and the engine says: {word['error']}", next="try again")
            said = word.get("stream", "").strip()
            if said.startswith("Step "):
                steps.append({"instruction": said.partition(" : ")[2], "cached": False})
            elif said == "---> Using cache":
                steps[-1]["cached"] = True
        built = self.engine.image(name)
        assert built is not None  # noqa: S101 - it was built without an error
        self._images += [name, built.id]
        return steps

    def push(self, name: str, repository: str) -> None:
        """Give an image that name, and push it."""
        self._client.api.tag(name, repository, tag="latest")
        self._images.append(f"{repository}:latest")
        for word in self._client.api.push(repository, tag="latest", stream=True, decode=True):
            if "error" in word:
                raise ToolError(
                    f"the recording pushed an image, and the engine says: {word['error']}", next="try again"
                )

    def close(self) -> None:
        """Remove all of it, the youngest first."""
        for container in reversed(self._containers):
            self.engine.remove_container(container)
        for image in reversed(self._images):
            self.engine.remove_image(image)


@contextmanager
def workshop(engine: Engine) -> Iterator[Workshop]:
    """A workshop on that engine, cleared at the end."""
    with connect(engine.host) as client:
        made = Workshop(engine, client)
        try:
            yield made
        finally:
            made.close()


def _context(files: Mapping[str, str]) -> io.BytesIO:
    """A build context: the files as a tar archive, each with the same date, so that only contents count."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content.encode())
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(content.encode()))
    packed.seek(0)
    return packed
