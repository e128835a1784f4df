"""The rule for builds, by the classic builder and by BuildKit behind the same call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from labrunner.engine.references import familiar
from labrunner.proxy.call import Call, Plan, Watch
from labrunner.proxy.images import labels_query
from labrunner.proxy.inventory import Inventory
from labrunner.proxy.scope import Scope

_FULL = re.compile(r"(?:sha256:)?([0-9a-f]{64})\n?")
#: The classic builder's line on the image that a step made.
_STEP = re.compile(r" ---> ([0-9a-f]{12})\n?")


def build(scope: Scope, call: Call, _: bytes) -> Plan:
    """Label the image, and record it and what it stands on as far as it was not there before.

    The container of a step that fails has no label, and clients do not ask for its removal: the engine is asked here.
    """
    tags = tuple(familiar(name) for name in call.values("t") if name)
    for name in tags:
        scope.guard_name(name)
    watched = Build(scope, tags)
    labelled = labels_query(call, scope.labels("image")).having("forcerm", "1")
    return Watch(labelled, None, watched.seen, watched.ended)


def built(row: Mapping[str, Any]) -> str | None:
    """The ID of the image that a row of a build's answer says is done: ``aux.ID``, or the only word of a quiet one."""
    aux = row.get("aux")
    said = aux.get("ID", "") if isinstance(aux, dict) else row.get("stream", "")
    match = _FULL.fullmatch(str(said))
    return f"sha256:{match[1]}" if match else None


def step(row: Mapping[str, Any]) -> str | None:
    """The short ID of an intermediate image that a row names."""
    match = _STEP.fullmatch(str(row.get("stream", "")))
    return match[1] if match else None


class Build:
    """What one build made so far."""

    def __init__(self, scope: Scope, tags: tuple[str, ...]) -> None:
        self.scope = scope
        self.tags = tags
        self.before = Inventory.take(scope.engine)
        self.done: list[str] = []
        self.steps: set[str] = set()

    def seen(self, row: Mapping[str, Any]) -> None:
        """Record a finished image before the client hears of it."""
        if (identity := built(row)) is not None and identity not in self.done:
            self.done.append(identity)
            if identity not in self.before.images:
                self.scope.add("image", identity)
        elif (short := step(row)) is not None:
            self.steps.add(short)

    def ended(self) -> Iterable[str]:
        """Record the names, and the intermediate images."""
        rows = self.scope.engine.api.json("GET", "/images/json", all="1")
        parents = {row["Id"]: row.get("ParentId") or "" for row in rows}
        new = set(parents) - self.before.images
        own = {identity for identity in new if identity.removeprefix("sha256:")[:12] in self.steps}
        for identity in self.done:
            parent = parents.get(identity, "")
            while parent in new:
                own.add(parent)
                parent = parents[parent]
        self.scope.add("image", *sorted(own - set(self.done)))
        if self.done:
            for name in self.tags:
                self.scope.name_given(name, self.done[-1])
        return ()
