"""Whose scope it is: one home and lab on one engine, what was made there, and what is a stranger's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from labrunner.engine.engine import Engine
from labrunner.engine.ledger import Ledger, Made
from labrunner.engine.references import familiar
from labrunner.proxy.call import Refused

_FORBIDDEN, _CONFLICT = 403, 409
#: Where each kind is looked up, by a name or an ID.
_LOOK = {
    "container": "/containers/{}/json",
    "image": "/images/{}/json",
    "volume": "/volumes/{}",
    "network": "/networks/{}",
}


def label_of(kind: str) -> str:
    """The label's key: one per kind, so that what a container inherits of its image says nothing of the container."""
    return f"labrunner.{kind}"


@dataclass(frozen=True)
class Image:
    """An image's ID and the paths that it declares to be volumes; an ID's never change."""

    identity: str
    volumes: tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """What the rules ask of the engine and of the ledger.

    ``images`` is what each name named when a container was last made of it.
    """

    engine: Engine
    ledger: Ledger
    home: str
    lab: str
    images: dict[str, Image] = field(default_factory=dict)

    def labels(self, kind: str) -> Mapping[str, str]:
        """What marks an object of this lab: its folder."""
        return {label_of(kind): f"{self.home}/{self.lab}"}

    def look(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """The engine's JSON of an object; None where there is none."""
        found: Mapping[str, Any] | None = self.engine.api.find(_LOOK[kind].format(name))
        return found

    def made(self, kind: str) -> dict[str, Made]:
        """What this home made, by name."""
        return {made.name: made for made in self.ledger.made(self.home) if made.kind == kind}

    def owns(self, kind: str, found: Mapping[str, Any]) -> bool:
        """Whether this home made an object that was looked up.

        A volume's name comes back when somebody makes another of that name: then the label tells, but for anonymous
        volumes, whose names are unique and which Podman does not label.
        """
        identity = found["Name"] if kind == "volume" else found["Id"]
        made = self.ledger.find(kind, identity)
        if made is None or made.home != self.home:
            return False
        return kind != "volume" or is_anonymous(identity) or label_of(kind) in (found.get("Labels") or {})

    def owned(self, kind: str, name: str, verb: str) -> str:
        """The full ID (a volume's name) of one's own object; Refused for a stranger's. An unknown name comes back."""
        found = self.look(kind, name)
        if found is None:
            return name
        if not self.owns(kind, found):
            refuse(kind, name, verb)
        return str(found["Name"] if kind == "volume" else found["Id"])

    def owns_reference(self, reference: str, identity: str) -> bool:
        """Whether this home gave that name to the image that it names now."""
        return self.ledger.own(self.home).reference(reference, identity)

    def guard_name(self, reference: str, identity: str | None = None) -> None:
        """Refuse to move a stranger's name of an image, to ``identity`` or to one that is not known yet."""
        found = self.look("image", familiar(reference))
        if found is None or found["Id"] == identity or self.owns_reference(reference, found["Id"]):
            return
        raise Refused(
            _CONFLICT,
            f"{familiar(reference)} names an image that was not made in this lab, and would name another one then;"
            " take another name, or type: labrunner shell --no-scope",
        )

    def add(self, kind: str, *names: str, of: str = "") -> None:
        """Record what this lab made."""
        self.ledger.add(*(Made(kind, name, self.home, self.lab, of) for name in names))

    def name_given(self, reference: str, identity: str) -> None:
        """Record that this lab named an image."""
        self.add("image", familiar(reference), of=identity)


def is_anonymous(volume: str) -> bool:
    """Whether a volume has a name that the engine chose."""
    return len(volume) == 64 and all(digit in "0123456789abcdef" for digit in volume)  # noqa: PLR2004 - SHA-256's digits


def refuse(kind: str, name: str, verb: str) -> NoReturn:
    """Say that an object is a stranger's, and the way out."""
    raise Refused(
        _FORBIDDEN,
        f"the {kind} {name} was not made in this lab, so the lab may not {verb} it;"
        " if you do mean it, type: labrunner shell --no-scope",
    )
