"""What images an engine had before a call that may bring new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from labrunner.engine.engine import Engine
from labrunner.engine.references import familiar
from labrunner.proxy.scope import Scope


@dataclass(frozen=True)
class Inventory:
    """All image IDs, intermediate ones too, and the image that each name named."""

    images: frozenset[str]
    names: Mapping[str, str]

    @classmethod
    def take(cls, engine: Engine) -> Inventory:
        """In one call."""
        rows = engine.api.json("GET", "/images/json", all="1")
        names = {
            familiar(name): row["Id"]
            for row in rows
            for name in [*(row.get("RepoTags") or ()), *(row.get("RepoDigests") or ())]
            if "<none>" not in name
        }
        return cls(frozenset(row["Id"] for row in rows), names)

    def adopt(self, scope: Scope, is_meant: Callable[[str], bool]) -> Iterable[str]:
        """Record the names that came or moved since, and their new images, as the lab's own.

        A stranger's name that moved is given back, and a sentence says so.
        """
        now = Inventory.take(scope.engine)
        for name, identity in now.names.items():
            before = self.names.get(name)
            if before == identity or not is_meant(name):
                continue
            if identity not in self.images:
                scope.add("image", identity)
            if before is None or scope.owns_reference(name, before):
                scope.name_given(name, identity)
            elif before in now.images and "@" not in name:
                _give_back(scope.engine, name, before)
                yield (
                    f"{name} names an image that was not made in this lab, and does so again;"
                    f" the new one is there as {identity[7:19]}"
                )


def _give_back(engine: Engine, name: str, identity: str) -> None:
    repo, _, tag = name.rpartition(":")
    engine.api.json("POST", f"/images/{identity}/tag", repo=repo, tag=tag)
