"""What a test has made on the engine, told by the engine's own word, so that this goes at the end and nothing else."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labrunner.engine.engine import Engine

_MAKES_CONTAINER = re.compile(r"\bdocker (?:container )?(?:run|create)\b")
_MAKES_IMAGE = re.compile(r"\bdocker (?:image )?build\b")
_NAMES_IMAGE = re.compile(r"\bdocker (?:image )?(?:tag \S+|pull) (\S+)")
_MAKES_VOLUME = re.compile(r"\bdocker volume create (\S+)")
_TAGS_BUILD = re.compile(r" (?:-t|--tag) (\S+)")
_LAYER = re.compile(r"^ ---> ([0-9a-f]{12})$", re.MULTILINE)
_RUNNING = re.compile(r"^ ---> Running in ([0-9a-f]{12})$", re.MULTILINE)


class Belongings:
    """The containers, images and volumes that commands have made; what was there before is never touched.

    ``kept`` are names of images that stay even where a command has given them anew.
    """

    def __init__(self, engine: Engine, folder: Path, kept: frozenset[str]) -> None:
        self.engine = engine
        self.folder = folder
        self.kept = kept
        self.before = frozenset(row["Id"] for row in engine.api.json("GET", "/images/json", all="1"))
        self.containers: dict[str, None] = {}
        self.images: dict[str, None] = {}
        self.names: dict[str, None] = {}
        self.volumes: dict[str, None] = {}
        self._files = 0

    @contextmanager
    def noting(self, line: str) -> Iterator[str]:
        """The command line, in which the docker client is told to write down the ID of what it makes."""
        if _MAKES_IMAGE.search(line) or _NAMES_IMAGE.search(line):
            self.names.update(dict.fromkeys([*_TAGS_BUILD.findall(line), *_NAMES_IMAGE.findall(line)]))
        self.volumes.update(dict.fromkeys(_MAKES_VOLUME.findall(line)))
        files: list[Path] = []

        def flagged(option: str) -> Callable[[re.Match[str]], str]:
            def with_file(command: re.Match[str]) -> str:
                self._files += 1
                files.append(self.folder / f"{self._files}.id")
                return f"{command[0]} {option} {shlex.quote(str(files[-1]))}"

            return with_file

        try:
            yield _MAKES_IMAGE.sub(flagged("--iidfile"), _MAKES_CONTAINER.sub(flagged("--cidfile"), line))
        finally:
            for identity in (file.read_text().strip() for file in files if file.exists()):
                if identity.startswith("sha256:"):
                    self.images[identity] = None
                elif identity:
                    self.containers[identity] = None
                    self._note_volumes(identity)

    def note_build(self, printed: str) -> None:
        """Remember what a build has left on its way: layers without a name, and the container in which it failed."""
        self.images.update(dict.fromkeys(_LAYER.findall(printed)))
        self.containers.update(dict.fromkeys(_RUNNING.findall(printed)))

    def _note_volumes(self, identity: str) -> None:
        container = self.engine.container(identity)
        if container is not None:
            self.volumes.update(dict.fromkeys(container.volumes))

    def remove(self) -> None:
        """Remove it all, by ID and by name."""
        for identity in self.containers:
            self.engine.remove_container(identity)
        for volume in self.volumes:
            self.engine.remove_volume(volume)
        for name in self.names:
            if name not in self.kept:
                self.engine.remove_image(name)
        for identity in reversed(self.images):
            image = self.engine.image(identity)
            if image is not None and image.id not in self.before and not image.tags:
                for digest in image.digests:  # a push gives the image that it sends such a name
                    self.engine.remove_image(digest)
                self.engine.remove_image(image.id)
