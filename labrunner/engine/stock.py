"""Obtain the images that the labs need: present, else pulled, else built here as a stand-in; list and remove those."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from requests.exceptions import RequestException

from labrunner.engine.standin import (
    BASE,
    LABEL,
    Progress,
    Recipe,
    build,
    disk_full,
    present,
    recipes_in,
    sentence,
)
from labrunner.model.errors import ToolError

__all__ = ["Obtained", "Progress", "Removal", "missing", "obtain", "remove_stand_ins", "stand_ins"]

_OFFLINE = "labrunner images prepare --offline"
#: How much of a layer's work each word of the engine means: downloads are four fifths of it.
_LAYER = {
    "Pulling fs layer": (0.0, 0.0),
    "Waiting": (0.0, 0.0),
    "Downloading": (0.0, 0.8),
    "Verifying Checksum": (0.8, 0.0),
    "Download complete": (0.8, 0.0),
    "Extracting": (0.8, 0.2),
    "Pull complete": (1.0, 0.0),
    "Already exists": (1.0, 0.0),
}


@dataclass(frozen=True)
class Obtained:
    """An image that the engine now has, and how it came to it."""

    reference: str
    how: Literal["present", "pulled", "built"]
    stand_in: bool


@dataclass(frozen=True)
class Removal:
    """What became of one stand-in that was to be removed; ``used_by`` names the containers that hold it."""

    reference: str
    removed: bool
    used_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Refusal:
    """Why a pull gave no image."""

    kind: Literal["unreachable", "absent", "quota"]
    says: str


def missing(client: docker.DockerClient, references: Iterable[str]) -> tuple[str, ...]:
    """Those of the references that the engine has no image for."""
    return tuple(reference for reference in dict.fromkeys(references) if not present(client, reference))


def obtain(
    client: docker.DockerClient,
    references: Sequence[str],
    *,
    recipes: Path,
    offline: bool,
    consent: Callable[[tuple[str, ...]], bool],
    progress: Callable[[Progress], None],
) -> tuple[Obtained, ...]:
    """Have the engine hold every reference; how each came about, in the order asked.

    What is present stays as it is. What is missing is pulled, or with ``offline`` nothing is asked of any hub. What
    no hub gives becomes a stand-in, if ``consent``, which is asked once with those references, says so. ``progress``
    may be called from several threads, one at a time. ToolError where a reference stays without an image.
    """
    try:
        return _obtain(client, references, recipes, offline, consent, progress)
    except (DockerException, RequestException) as error:
        raise _engine_broke(error) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise disk_full("the stand-ins", str(error)) from error
        raise


def _obtain(  # noqa: PLR0913 - the public signature, passed on
    client: docker.DockerClient,
    references: Sequence[str],
    recipes: Path,
    offline: bool,  # noqa: FBT001
    consent: Callable[[tuple[str, ...]], bool],
    progress: Callable[[Progress], None],
) -> tuple[Obtained, ...]:
    lacking = missing(client, references)
    refusals = {} if offline else _pull_all(client, lacking, progress)
    wanted = lacking if offline else tuple(refusals)
    plan = _plan(wanted, recipes_in(recipes), refusals)
    if refusals and not consent(wanted):
        first = next(iter(refusals.values()))
        raise ToolError(f"{first.says}; no stand-in was agreed to", next=_OFFLINE)
    built = build(client, plan, recipes, progress) if plan else frozenset[str]()
    marked = set(stand_ins(client))
    return tuple(
        Obtained(
            reference,
            "built"
            if full_name(reference) in built
            else "pulled"
            if reference in lacking and reference not in wanted
            else "present",
            stand_in=full_name(reference) in marked,
        )
        for reference in dict.fromkeys(references)
    )


def _plan(
    wanted: Iterable[str], known: Mapping[str, Recipe], refusals: Mapping[str, _Refusal]
) -> tuple[Recipe, ...]:
    """The recipes that bring what is wanted. ToolError, before anything is built, where one of them cannot."""
    plan = {}
    for reference in wanted:
        recipe = known.get(full_name(reference))
        if recipe is not None and recipe.obstacle is None:
            plan[recipe.reference] = recipe
            continue
        lack = f"there is no stand-in for it, only for {', '.join(known)}" if recipe is None else str(recipe.obstacle)
        refusal = refusals.get(reference)
        if refusal is None:
            raise ToolError(f"{reference} is missing, no hub may be asked, and {lack}", next="labrunner images prepare")
        steps = {"unreachable": "labrunner doctor", "absent": "labrunner images list", "quota": "docker login"}
        raise ToolError(f"{refusal.says}; {lack}", next=steps[refusal.kind])
    return tuple(plan.values())


def full_name(reference: str) -> str:
    """A reference with its tag, and without the names that engines put before it: ``nginx`` is ``nginx:latest``."""
    for default in ("docker.io/library/", "docker.io/", "localhost/"):
        reference = reference.removeprefix(default)
    return reference if ":" in reference.rpartition("/")[2] else f"{reference}:latest"


def _pull_all(
    client: docker.DockerClient, references: Iterable[str], progress: Callable[[Progress], None]
) -> dict[str, _Refusal]:
    """Pull all; those that came not, and why. A hub that cannot be reached is asked once, as it may take 15 s."""
    refusals: dict[str, _Refusal] = {}
    silent: dict[str, _Refusal] = {}
    for reference in references:
        hub = _hub(reference)
        refusal = silent.get(hub) or _pull(client, reference, progress)
        if refusal is None:
            continue
        refusals[reference] = refusal
        if refusal.kind == "unreachable":
            silent[hub] = refusal
    return refusals


def _pull(
    client: docker.DockerClient, reference: str, progress: Callable[[Progress], None]
) -> _Refusal | None:
    progress(Progress(reference, f"ask {_hub(reference)}", None))
    layers: dict[str, float] = {}
    try:
        for event in client.api.pull(full_name(reference), stream=True, decode=True):
            if "error" in event:
                return _refusal(reference, event["error"])
            if event.get("status") in _LAYER and "id" in event:
                layers[event["id"]] = _layer_done(event)
                progress(Progress(reference, "pull", sum(layers.values()) / len(layers)))
    except APIError as error:
        return _refusal(reference, error.explanation or error)
    if not present(client, reference):
        return _refusal(reference, "the answer broke off")
    progress(Progress(reference, "pulled", 1.0))
    return None


def _layer_done(event: Mapping[str, Any]) -> float:
    start, share = _LAYER[event["status"]]
    detail = event.get("progressDetail") or {}
    total = detail.get("total")
    return start + share * min(1.0, detail.get("current", 0) / total) if total else start


def _hub(reference: str) -> str:
    host, slash, _ = reference.partition("/")
    return host if slash and (host == "localhost" or "." in host or ":" in host) else "the hub"


def _refusal(reference: str, words: object) -> _Refusal:
    """What a failed pull means. What is neither an answer about the image nor about a quota means no hub is there."""
    message = sentence(words)
    low = message.casefold()
    hub = _hub(reference)
    asked = f"{reference} was asked of {hub}"
    if "no space left" in low:
        raise disk_full(reference, message)
    if any(sign in low for sign in ("toomanyrequests", "too many requests", "rate limit", "429")):
        return _Refusal("quota", f"{asked}, and its quota of pulls is used up ({message})")
    if any(sign in low for sign in ("not found", "unknown", "does not exist", "no matching manifest", "unauthorized")):
        # A TLS authority that nobody knows is no answer of the hub's.
        if "unknown authority" not in low:
            return _Refusal("absent", f"{asked}, and it gives no such image ({message})")
    return _Refusal("unreachable", f"{asked}, and it cannot be reached ({message})")


def stand_ins(client: docker.DockerClient) -> tuple[str, ...]:
    """The references that stand-ins on the engine answer to."""
    return tuple(name for name, _, _ in _marked(client) if name != BASE)


def remove_stand_ins(client: docker.DockerClient) -> tuple[Removal, ...]:
    """Remove every stand-in and their base; what a container still uses stays, and is named."""
    try:
        # The base last: as long as it has its tag, the removal of what is built on it leaves it alone.
        ordered = sorted(_marked(client), key=lambda row: (row[0] == BASE, row[0]))
        return tuple(_remove(client, name, tag, image) for name, tag, image in ordered)
    except (DockerException, RequestException) as error:
        raise _engine_broke(error) from error


def _marked(client: docker.DockerClient) -> tuple[tuple[str, str, str], ...]:
    """Name, the engine's own tag and the ID of each labelled image that bears the name in its label."""
    rows = client.api.images(filters={"label": LABEL})
    return tuple(
        (name, tag, row["Id"])
        for row in rows
        for tag in row["RepoTags"] or ()
        if (name := full_name(tag)) == row["Labels"][LABEL]
    )


def _remove(client: docker.DockerClient, name: str, tag: str, image: str) -> Removal:
    try:
        client.api.remove_image(tag)
    except ImageNotFound:
        return Removal(name, removed=True)
    except APIError as error:
        if error.status_code != HTTPStatus.CONFLICT:
            raise
        rows = client.api.containers(all=True)
        used_by = tuple(row["Names"][0].removeprefix("/") for row in rows if row["ImageID"] == image)
        return Removal(name, removed=False, used_by=used_by)
    return Removal(name, removed=True)


def _engine_broke(error: Exception) -> ToolError:
    return ToolError(f"the engine was asked for images, and it failed: {sentence(error)}", next="labrunner doctor")
