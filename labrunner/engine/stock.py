"""Obtain the images that the labs need: present, else pulled, else a stand-in; list and remove stand-ins."""

from __future__ import annotations

import errno
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from labrunner.engine.making import Progress, Say, disk_full, sentence
from labrunner.engine.namespace import is_namespace
from labrunner.engine.standin import BASE, LABEL, Recipe, build, present, recipes_in
from labrunner.model.errors import ToolError

__all__ = [
    "Obtained",
    "Progress",
    "Removal",
    "full_name",
    "missing",
    "obtain",
    "remove_stand_ins",
    "stand_ins",
    "to_be_built",
]

#: How far a layer is when the engine says this of it, and how much the numbers beside it may add:
#: its download counts for four fifths.
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
_QUOTA = ("toomanyrequests", "too many requests", "rate limit")
_ABSENT = (
    "not found",
    "manifest unknown",
    "name unknown",
    "does not exist",
    "no matching manifest",
    "denied",
)
#: What the SDK raises where the engine refuses, is gone, or breaks off in the middle of an answer.
_ENGINE_ERRORS = (DockerException, RequestException, HTTPError)


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
    with _explained():
        return tuple(reference for reference in dict.fromkeys(references) if not present(client, reference))


def obtain(
    client: docker.DockerClient,
    references: Sequence[str],
    *,
    recipes: Path,
    offline: bool,
    consent: Callable[[tuple[str, ...]], bool],
    progress: Say,
) -> tuple[Obtained, ...]:
    """Have the engine hold every reference; how each came about, in the order asked.

    What is present stays as it is. What is missing is pulled; with ``offline`` no hub is asked. What no hub
    gave becomes a stand-in, if ``consent``, asked once and with those references, says so. ``progress`` may be
    called from several threads, one at a time. ToolError where a reference is left without an image.
    """
    with _explained():
        lacking = missing(client, references)
        refusals = {} if offline else _pull_all(client, lacking, progress)
        wanted = lacking if offline else tuple(refusals)
        known = recipes_in(recipes)
        built_here = () if is_namespace(client.version()) else tuple(known)
        plan = _plan(wanted, known, refusals, built_here)
        if refusals and not consent(wanted):
            first = next(iter(refusals.values()))
            raise ToolError(f"{first.says}, and no stand-in was agreed to", next="labrunner images prepare --offline")
        built = build(client, plan, recipes, progress) if plan else frozenset[str]()
        marked = stand_ins(client)

    def how(reference: str) -> Literal["present", "pulled", "built"]:
        if full_name(reference) in built:
            return "built"
        return "pulled" if reference in lacking and reference not in wanted else "present"

    return tuple(
        Obtained(reference, how(reference), stand_in=full_name(reference) in marked)
        for reference in dict.fromkeys(references)
    )


def _plan(
    wanted: Iterable[str], known: Mapping[str, Recipe], refusals: Mapping[str, _Refusal], built_here: Container[str]
) -> tuple[Recipe, ...]:
    """The recipes for what is wanted. ToolError, before anything is built, where one is not to be had."""
    plan = {}
    for reference in wanted:
        recipe = known.get(full_name(reference))
        if recipe is None:
            raise _no_way(reference, refusals.get(reference), f"there are stand-ins for {', '.join(known)} only")
        obstacle = recipe.obstacle
        if recipe.runs and recipe.reference not in built_here:
            obstacle = "its stand-in has to be built, which the namespace engine does not do yet"
        if obstacle is not None:
            raise _no_way(reference, refusals.get(reference), obstacle)
        plan[recipe.reference] = recipe
    return tuple(plan.values())


def to_be_built(recipes: Path, references: Iterable[str]) -> tuple[str, ...]:
    """Those of the references whose stand-ins take an engine that builds images."""
    known = recipes_in(recipes)
    return tuple(name for name in references if (recipe := known.get(full_name(name))) is not None and recipe.runs)


def _no_way(reference: str, refusal: _Refusal | None, obstacle: str) -> ToolError:
    if refusal is None:
        return ToolError(
            f"{reference} is missing, no hub may be asked for it, and {obstacle}",
            next="labrunner images prepare",
        )
    steps = {"unreachable": "labrunner doctor", "absent": "labrunner images list", "quota": "docker login"}
    return ToolError(f"{refusal.says}, and {obstacle}", next=steps[refusal.kind])


def full_name(reference: str) -> str:
    """A reference with its tag, without what engines put before it: ``nginx`` is ``nginx:latest``."""
    for default in ("docker.io/library/", "docker.io/", "localhost/"):
        reference = reference.removeprefix(default)
    return reference if ":" in reference.rpartition("/")[2] else f"{reference}:latest"


def _pull_all(client: docker.DockerClient, references: Iterable[str], say: Say) -> dict[str, _Refusal]:
    """Pull all; those that did not come, and why.

    A hub that cannot be reached is asked once only: the engine may wait 15 seconds for it.
    """
    refusals: dict[str, _Refusal] = {}
    silent: dict[str, _Refusal] = {}
    for reference in references:
        hub = _hub(reference)
        refusal = silent.get(hub) or _pull(client, reference, say)
        if refusal is None:
            continue
        refusals[reference] = refusal
        if refusal.kind == "unreachable":
            silent[hub] = refusal
    return refusals


def _pull(client: docker.DockerClient, reference: str, say: Say) -> _Refusal | None:
    say(Progress(reference, f"ask {_hub(reference)}", None))
    layers: dict[str, float] = {}
    try:
        for event in client.api.pull(full_name(reference), stream=True, decode=True):
            if "error" in event:
                return _refusal(reference, event["error"])
            if event.get("status") in _LAYER:
                layers[event["id"]] = _layer_done(event)
                say(Progress(reference, "pull", sum(layers.values()) / len(layers)))
    except APIError as error:
        return _refusal(reference, error.explanation or error)
    if not present(client, reference):
        return _refusal(reference, "the engine ended the pull without an image")
    say(Progress(reference, "pulled", 1.0))
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
    """What a failed pull means: where it is no answer about this image or a quota, there was no hub."""
    message = sentence(words)
    low = message.casefold()
    asked = f"{reference} was asked of {_hub(reference)}"
    if "no space left" in low:
        raise disk_full(reference, message)
    if any(sign in low for sign in _QUOTA):
        return _Refusal("quota", f"{asked}, and its quota of pulls is used up ({message})")
    if any(sign in low for sign in _ABSENT):
        return _Refusal("absent", f"{asked}, and it gives no such image ({message})")
    return _Refusal("unreachable", f"{asked}, and it cannot be reached ({message})")


def stand_ins(client: docker.DockerClient) -> tuple[str, ...]:
    """The references that stand-ins on the engine answer to."""
    with _explained():
        return tuple(sorted(name for name, _, _ in _marked(client) if name != BASE))


def remove_stand_ins(client: docker.DockerClient) -> tuple[Removal, ...]:
    """Remove every stand-in and their base; what a container still uses stays, and is named."""
    with _explained():
        # The base last: while it has its tag, the removal of what is built on it leaves it alone.
        ordered = sorted(_marked(client), key=lambda row: (row[0] == BASE, row[0]))
        return tuple(_remove(client, name, tag, image) for name, tag, image in ordered)


def _marked(client: docker.DockerClient) -> tuple[tuple[str, str, str], ...]:
    """Name, the engine's own tag and the ID of each image that bears the name in its label."""
    return tuple(
        (name, tag, row["Id"])
        for row in client.api.images(filters={"label": LABEL})
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


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the SDK raises, and a full disk here, into a sentence and what mends it."""
    try:
        yield
    except _ENGINE_ERRORS as error:
        words = error.explanation if isinstance(error, APIError) else error
        raise ToolError(
            f"the engine was asked for images, and it failed ({sentence(words)})", next="labrunner doctor"
        ) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise disk_full("a stand-in", sentence(error)) from error
        raise
