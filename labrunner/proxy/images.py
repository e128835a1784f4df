"""Rules for images: naming and removing them, and what commits, imports, pulls and loads make."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from labrunner.engine.api import ApiError
from labrunner.engine.references import familiar, full_id, repository
from labrunner.engine.removal import remove_image, remove_name
from labrunner.proxy.call import Answer, Call, Pass, Plan, Record, Refused, Watch
from labrunner.proxy.inventory import Inventory
from labrunner.proxy.scope import Scope, label_of, refuse

_ID = re.compile(r"sha256:[0-9a-f]{64}")
_LOADED = re.compile(r"Loaded image(?: ID)?: (\S+)")


def reference_of(call: Call) -> str:
    """The ``repo`` and ``tag`` of a query as one reference; empty where there is none."""
    repo, tag = call.value("repo"), call.value("tag")
    return familiar(f"{repo}:{tag}" if tag else repo) if repo else ""


def change(labels: Mapping[str, str]) -> str:
    """A Dockerfile's LABEL line."""
    return "LABEL " + " ".join(f"{_quoted(key)}={_quoted(value)}" for key, value in labels.items())


def _quoted(word: str) -> str:
    return '"' + re.sub(r'([\\"$])', r"\\\1", word) + '"'


def tag(scope: Scope, call: Call, _: bytes) -> Plan:
    """Name an image, unless a stranger's name would move."""
    source = scope.look("image", call.path.removeprefix("/images/").removesuffix("/tag"))
    if source is None:
        return Pass(call)
    reference = reference_of(call)
    before = scope.look("image", reference)
    scope.guard_name(reference, source["Id"])
    if before is not None and before["Id"] == source["Id"]:  # it has the name already, from whomever
        return Pass(call)
    return Record(call, None, lambda _: scope.name_given(reference, source["Id"]))


def commit(scope: Scope, call: Call, body: bytes) -> Plan:
    """Make a labelled image of a container."""
    reference = reference_of(call)
    if reference:
        scope.guard_name(reference)

    def made(answer: Mapping[str, Any]) -> None:
        identity = full_id(answer["Id"])
        scope.add("image", identity)
        if reference:
            scope.name_given(reference, identity)

    labelled = call.having("changes", *call.values("changes"), change(scope.labels("image")))
    return Record(labelled, body, made)


def bring(scope: Scope, call: Call, _: bytes) -> Plan:
    """Pull, or import from a file."""
    return _import(scope, call) if call.value("fromSrc") else _pull(scope, call)


def _import(scope: Scope, call: Call) -> Plan:
    reference = reference_of(call)
    if reference:
        scope.guard_name(reference)

    def seen(row: Mapping[str, Any]) -> None:
        if _ID.fullmatch(status := str(row.get("status", ""))):
            scope.add("image", status)
            if reference:
                scope.name_given(reference, status)

    labelled = call.having("changes", *call.values("changes"), change(scope.labels("image")))
    return Watch(labelled, None, seen)


def _pull(scope: Scope, call: Call) -> Plan:
    """What names of the repository are new, or name something new, is known when the pull has ended."""
    asked = repository(familiar(call.value("fromImage")))
    before = Inventory.take(scope.engine)

    def ended() -> Iterable[str]:
        return before.adopt(scope, lambda name: repository(name) == asked)

    return Watch(call, None, ended=ended)


def load(scope: Scope, call: Call, _: bytes) -> Plan:
    """Load an archive; its names are known when they are loaded."""
    before = Inventory.take(scope.engine)
    loaded: set[str] = set()

    def seen(row: Mapping[str, Any]) -> None:
        loaded.update(_LOADED.findall(str(row.get("stream", ""))))

    def ended() -> Iterable[str]:
        names = {familiar(name) for name in loaded if not _ID.fullmatch(name)}
        scope.add("image", *(name for name in loaded if _ID.fullmatch(name) and name not in before.images))
        return before.adopt(scope, lambda name: name in names)

    return Watch(call, None, seen, ended)


def remove(scope: Scope, call: Call, _: bytes) -> Plan:
    """Take one's own name from an image, or remove one's own image; the scope does it, so that no more goes."""
    name = call.path.removeprefix("/images/")
    found = scope.look("image", name)
    if found is None:
        return Pass(call)
    names = {familiar(each): each for each in [*(found.get("RepoTags") or ()), *(found.get("RepoDigests") or ())]}
    identity = found["Id"]
    own = scope.ledger.own(scope.home)
    by_name = not is_id(name, identity) and familiar(name) in names
    if by_name:
        mine = scope.owns_reference(name, identity) or ("@" in name and own.image(identity))
    else:
        mine = own.image(identity)
    if not mine:
        refuse("image", name, "remove")
    force = call.flag("force")
    if force:
        _guard_users(scope, name, identity)
    try:
        if by_name:
            changes = remove_name(scope.engine, familiar(name), own, force=force)
        else:
            changes = remove_image(scope.engine, identity, own, force=force)
    except ApiError as error:
        return Answer({"message": error.message}, error.status)
    forget(scope, changes)
    return Answer(changes)


def is_id(name: str, identity: str) -> bool:
    """Whether a name is an image's ID or the beginning of it."""
    return len(name) > 1 and identity.removeprefix("sha256:").startswith(name.removeprefix("sha256:"))


def forget(scope: Scope, changes: Iterable[Mapping[str, str]]) -> None:
    """Record what an engine says that it removed; the names of a removed image are gone with it."""
    gone = {change["Deleted"] for change in changes if "Deleted" in change}
    untagged = {familiar(change["Untagged"]) for change in changes if "Untagged" in change}
    scope.ledger.forget(
        *(made for made in scope.made("image").values() if {made.name, made.of} & gone or made.name in untagged)
    )


def _guard_users(scope: Scope, name: str, identity: str) -> None:
    """Removing by force takes an image from under stopped containers."""
    for row in scope.engine.api.json("GET", "/containers/json", all="1"):
        if row["ImageID"] == identity and not scope.owns("container", row):
            user = row["Names"][0].lstrip("/")
            raise Refused(
                http.client.CONFLICT,
                f"the image {name} is used by the container {user}, which was not made in this lab;"
                " if you do mean it, type: labrunner shell --no-scope",
            )


def is_labelled(row: Mapping[str, Any]) -> bool:
    """Whether an image was made in a lab, and not pulled."""
    return label_of("image") in (row.get("Labels") or {})


def labels_query(call: Call, labels: Mapping[str, str]) -> Call:
    """A build's call with labels added to its own."""
    asked = json.loads(call.value("labels") or "{}") or {}
    return call.having("labels", json.dumps({**asked, **labels}))
