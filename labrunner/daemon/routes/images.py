"""Images: listed, looked at, named, removed, loaded, saved, imported, committed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from labrunner.daemon import references
from labrunner.daemon.answers import Answer, Json, Stream, json_line
from labrunner.daemon.containers.filters import has_labels
from labrunner.daemon.engine import Engine
from labrunner.daemon.errors import bad_request, not_built, of_runtime
from labrunner.daemon.images import archives, changes, remove, views
from labrunner.daemon.images.store import Image
from labrunner.daemon.requests import Request
from labrunner.daemon.shapes import Config
from labrunner.daemon.times import moment
from labrunner.runtime.errors import RuntimeFailure

_FILTERS = frozenset({"before", "dangling", "label", "reference", "since", "until"})
_PRUNE = frozenset({"dangling", "label", "label!", "until"})


async def listed(engine: Engine, request: Request, _name: str) -> Answer:
    """GET /images/json: the newest first."""
    filters, images = request.filters(_FILTERS), engine.parts.images
    found = sorted(images, key=views.created, reverse=True)
    return Json([views.summary(images, image, request.version) for image in found if _fits(engine, image, filters)])


async def inspected(engine: Engine, request: Request, name: str) -> Answer:
    """GET /images/NAME/json."""
    return Json(views.details(engine.parts.images, engine.parts.images.find(name), request.version))


async def history(engine: Engine, _request: Request, name: str) -> Answer:
    """GET /images/NAME/history."""
    return Json(views.history(engine.parts.images, engine.parts.images.find(name)))


async def tagged(engine: Engine, request: Request, name: str) -> Answer:
    """POST /images/NAME/tag."""
    image = engine.parts.images.find(name)
    reference = str(references.parse_pair(request.text("repo"), request.text("tag")))
    _name_it(engine, image, reference)
    return Json(None, status=201)


async def removed(engine: Engine, request: Request, name: str) -> Answer:
    """DELETE /images/NAME."""
    return Json(remove.remove(engine.parts, name, force=request.yes("force")))


async def pruned(engine: Engine, request: Request, _name: str) -> Answer:
    """POST /images/prune: those without a name, or with dangling=false those without a container."""
    filters = request.filters(_PRUNE)
    everything = not any(value in {"1", "true"} for value in filters.get("dangling", ("true",)))
    used = remove.in_use(engine.parts)
    deleted: list[dict[str, str]] = []
    reclaimed = 0
    for image in engine.parts.images:
        names = engine.parts.images.names_of(image)
        if image.id in used or (names and not everything) or not _may_go(image, filters):
            continue
        deleted += [remove.untag(engine.parts, image, name) for name in names]
        gone = remove.delete(engine.parts, image)
        kept = engine.parts.images.layers()
        reclaimed += sum(layer.size for layer in image.record.layers if layer.diff_id not in kept)
        deleted += gone
    engine.parts.events.tell("image", "prune", "", {"reclaimed": str(reclaimed)})
    return Json({"ImagesDeleted": deleted or None, "SpaceReclaimed": reclaimed})


async def created(engine: Engine, request: Request, _name: str) -> Answer:
    """POST /images/create: an import; pulls need a registry, which this engine does not speak to."""
    source = request.text("fromSrc")
    if not source:
        raise not_built("pulls from registries yet: docker load an archive, or docker import a root file system")
    if source != "-" or request.pieces is None:
        raise not_built("imports from a URL: fetch it, and docker import the file")
    repository = request.text("repo")
    reference = str(references.parse_pair(repository, request.text("tag"))) if repository else ""
    config = changes.applied({}, request.query_all("changes"))
    try:
        image = await archives.import_root(engine.parts, request.pieces, config, request.text("message"))
    except RuntimeFailure as failure:
        raise of_runtime(failure) from failure
    remove.tell(engine.parts, image, "import")
    if reference:
        _name_it(engine, image, reference)
    return Stream(_lines({"status": image.id}), "application/json")


async def loaded(engine: Engine, request: Request, _name: str) -> Answer:
    """POST /images/load: an error comes in the stream, as from Docker."""
    pieces = request.pieces

    async def lines() -> AsyncIterator[bytes]:
        try:
            found = await archives.load(engine.parts, pieces) if pieces is not None else []
        except RuntimeFailure as failure:
            yield json_line({"errorDetail": {"message": failure.says}, "error": failure.says})
            return
        for image, names in found:
            remove.tell(engine.parts, image, "load")
            said = [f"Loaded image: {name}\n" for name in names] or [f"Loaded image ID: {image.id}\n"]
            for line in said:
                yield json_line({"stream": line})

    return Stream(lines(), "application/json")


async def saved(engine: Engine, request: Request, name: str) -> Answer:
    """GET /images/NAME/get, and /images/get?names=…: an archive."""
    wanted: dict[str, tuple[Image, list[str]]] = {}
    for text in [name] if name else request.query_all("names"):
        image = engine.parts.images.find(text)
        _, names = wanted.setdefault(image.id, (image, []))
        if reference := engine.parts.images.name_in(text):
            names.append(reference)
    if not wanted:
        raise bad_request("no image was named")
    pieces = archives.save(engine.parts, [(image, tuple(names)) for image, names in wanted.values()])
    return Stream(pieces, "application/x-tar")


async def committed(engine: Engine, request: Request, _name: str) -> Answer:
    """POST /commit: what a container wrote, as an image."""
    container = engine.parts.registry.find(request.text("container"))
    repository = request.text("repo")
    reference = str(references.parse_pair(repository, request.text("tag"))) if repository else ""
    base = engine.parts.images.find(container.record.image)
    own = request.json_if_any(Config, Config()) if request.content_type else Config()
    config = {**msgspec.to_builtins(container.record.config), **_set(own)}
    config = changes.applied(config, request.query_all("changes"))
    command = " ".join(container.record.config.cmd or [])
    wish = archives.Commit(config, request.text("author"), request.text("comment"), command)
    try:
        await engine.life.fill(container)
        image = await archives.commit(engine.parts, base, engine.life.root(container), wish)
    except RuntimeFailure as failure:
        raise of_runtime(failure) from failure
    engine.life.tell(container, "commit", comment=request.text("comment"))
    if reference:
        _name_it(engine, image, reference)
    return Json({"Id": image.id}, status=201)


def _name_it(engine: Engine, image: Image, reference: str) -> None:
    engine.parts.images.add([image.record_tagged_now()], [(reference, image.id)])
    remove.tell(engine.parts, image, "tag", reference)


def _set(config: Config) -> dict[str, Any]:
    """What a client's configuration says that is not the default."""
    default = msgspec.to_builtins(Config())
    return {name: value for name, value in msgspec.to_builtins(config).items() if value != default[name]}


def _fits(engine: Engine, image: Image, filters: Mapping[str, tuple[str, ...]]) -> bool:
    names = engine.parts.images.names_of(image)
    for value in filters.get("dangling", ()):
        if value not in {"1", "0", "true", "false", "True", "False"}:
            raise bad_request(f"invalid filter 'dangling={value}'")
        if (value in {"1", "true", "True"}) is bool(names):
            return False
    patterns = filters.get("reference", ())
    if patterns and not any(_is_like(name, pattern) for name in names for pattern in patterns):
        return False
    find, made = engine.parts.images.find, views.created(image)
    return (
        has_labels(image.config.labels or {}, filters.get("label", ()))
        and all(made < views.created(find(text)) for text in filters.get("before", ()))
        and all(made > views.created(find(text)) for text in filters.get("since", ()))
    )


def _is_like(name: str, pattern: str) -> bool:
    """Docker's reference filter: a pattern of the reference or of its name without the tag; * stops at a slash."""
    expression = "".join("[^/]*" if part == "*" else "[^/]" if part == "?" else re.escape(part) for part in pattern)
    return any(re.fullmatch(expression, text) for text in (name, name.rpartition(":")[0]))


def _may_go(image: Image, filters: Mapping[str, tuple[str, ...]]) -> bool:
    labels = image.config.labels or {}
    return (
        has_labels(labels, filters.get("label", ()))
        and not any(has_labels(labels, (label,)) for label in filters.get("label!", ()))
        and all(views.created(image) * 10**9 <= (moment(until) or 0) for until in filters.get("until", ()))
    )


async def _lines(*values: object) -> AsyncIterator[bytes]:
    for value in values:
        yield json_line(value)


ROUTES: Mapping[str, Any] = {
    "GET /images/json": listed,
    "GET /images/get": saved,
    "POST /images/load": loaded,
    "POST /images/create": created,
    "POST /images/prune": pruned,
    "POST /commit": committed,
    "GET /images/*/json": inspected,
    "GET /images/*/history": history,
    "GET /images/*/get": saved,
    "POST /images/*/tag": tagged,
    "DELETE /images/*": removed,
}
