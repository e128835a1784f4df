"""What stays on the engine while cases come and go: base images, layers of builds, and what is somebody else's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labrunner.engine.engine import Engine
from labrunner.engine.ledger import Ledger

#: What is kept has this name: images with a tag each, and a container and a volume that no lab made.
NAME = "labrunner-proof"


class Kept:
    """Images kept alive by names of our own, so that no case can take what the next one needs, or a build twice.

    The container and the volume are for cases that take what is others'. All of it is gone after ``let_go``.
    """

    def __init__(self, ledger: Ledger, images: Iterable[str]) -> None:
        self.ledger = ledger
        self.engine: Engine = ledger.engine
        self.let_go()
        self._images: Mapping[str, str] = {
            name: self._keep(image.id) for name in images if (image := self.engine.image(name)) is not None
        }

    def bring_back(self) -> None:
        """Give back every base image the name that it has lost, and bring the others' container and volume."""
        for name, kept in self._images.items():
            if self.engine.image(name) is None:
                repo, _, tag = name.rpartition(":")
                self.engine.api.json("POST", f"/images/{kept}/tag", repo=repo, tag=tag)
        if self.engine.container(NAME) is None and self._images:
            self._make_container()
        if NAME not in self.engine.volumes():
            self.engine.api.json("POST", "/volumes/create", {"Name": NAME})

    def keep_builds(self, home: str) -> None:
        """Keep the image below each one that was built: all layers but the last, which the next build finds cached.

        The image itself gets no name of ours, since checks look at which images have none.
        """
        for made in self.ledger.made(home):
            if made.kind == "image" and not made.is_reference:
                data = self.engine.api.find(f"/images/{made.name}/json")
                parent = (data or {}).get("Parent")
                if parent and self.ledger.find("image", parent) is not None:
                    self._keep(parent)

    def let_go(self) -> None:
        """Remove it all, and what an earlier run has left."""
        found = self.engine.container(NAME)
        if found is not None and found.name == NAME:
            self.engine.remove_container(found.id)
        self.engine.remove_volume(NAME)
        tags = [tag for row in self.engine.image_rows() for tag in row["RepoTags"] or ()]
        for tag in tags:
            if tag.startswith(f"{NAME}:"):
                self.engine.api.json("DELETE", f"/images/{tag}", noprune="1")

    def _make_container(self) -> None:
        """A container of an image of its own: were it one of the labs' images, a check might speak of it."""
        image = f"{NAME}:others"
        if self.engine.image(image) is None:
            body = {"Image": next(iter(self._images)), "Cmd": ["true"]}
            made = self.engine.api.json("POST", "/containers/create", body)
            self.engine.api.json("POST", "/commit", container=made["Id"], repo=NAME, tag="others")
            self.engine.remove_container(made["Id"])
        self.engine.api.json("POST", "/containers/create", {"Image": image}, name=NAME)

    def _keep(self, identity: str) -> str:
        """Our name for the image, a tag of its own."""
        tag = identity.removeprefix("sha256:")[:12]
        self.engine.api.json("POST", f"/images/{identity}/tag", repo=NAME, tag=tag)
        return f"{NAME}:{tag}"
