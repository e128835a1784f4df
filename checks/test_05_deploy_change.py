"""Checks of the lab deploy-change: what the cache spared, what was pushed, what is served."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from labrunner.engine.engine import Engine
from labrunner.engine.objects import HistoryEntry, Image
from labrunner.engine.registry import Registry
from labrunner.verify.checking import NotDone, require, step
from labrunner.verify.fixtures import Recorded
from labrunner.verify.looking import (
    best_of,
    is_named,
    layers_of,
    made_by_copy,
    made_by_run,
    page_of,
    port_to_ask,
)

INSIDE = 5000
#: What the labs' terminals label images with; the value is the lab's folder.
_LABEL = "labrunner.image"


def _name(var: Mapping[str, str]) -> str:
    return f"{var['registry']}/{var['user']}/{var['image']}"


@step("rebuild")
def test_only_the_last_layer_is_new(
    engine: Engine, var: Mapping[str, str], recorded: Recorded, evidence: dict[str, Any]
) -> None:
    """the image is rebuilt, and every layer but the last came from the cache"""
    first = recorded("build-flask-image/build")
    image = _image(engine, _name(var))
    require(
        list(image.layers) != first["layers"],  # the IDs may differ: the scope labels what each lab builds
        f"{_name(var)} was to be rebuilt with the changed app.py, and it is still the first build",
        next=f"change app.py and save it, then docker image build -t {_name(var)} .",
    )
    kept = list(image.layers[:-1])
    require(
        kept == first["layers"][:-1] and image.layers[-1] != first["layers"][-1],
        f"all layers but the last were to come from the cache, and {_new(image.layers, first['layers'])} are new",
        # Plain "build again" would not do: after a build without the cache, Docker prefers the layers of that one.
        next=f"with the Dockerfile of the first build, COPY last: docker image build --cache-from {var['image']}"
        f" -t {_name(var)} .",
    )
    history = engine.history(image.id)
    evidence.update(image=image.id, layers=list(image.layers), cached=len(kept), built=history[-1].created)


@step("push")
def test_one_layer_was_pushed(
    engine: Engine, var: Mapping[str, str], recorded: Recorded, registry: Registry, evidence: dict[str, Any]
) -> None:
    """the registry has the new image, and exactly one layer of it is new there"""
    first, repository = recorded("push/push"), f"{var['user']}/{var['image']}"
    manifest = registry.manifest(repository, "latest")
    push = f"docker push {_name(var)}"
    if manifest is None:
        # no near miss: the step is blocked where the registry has lost what was pushed to it
        raise NotDone(f"{repository}:latest was asked for in {registry.host}, and it is not there", push)
    require(
        manifest.digest != first["digest"],
        f"{repository}:latest was to be the new image, and the registry still has the first one",
        next=push,
    )
    image = _image(engine, _name(var))
    require(
        image.id in {manifest.config, manifest.digest},
        f"{repository}:latest was to be the image that you rebuilt, and it is another one",
        next=push,
    )
    new = [layer for layer in manifest.layers if layer not in first["layers"]]
    # no near miss: the step is blocked where more than the last layer of what was rebuilt is new
    require(
        len(new) == 1 and new[0] == manifest.layers[-1],
        f"exactly one layer was to be new in {registry.host}, and {len(new)} are",
        next="labrunner show deploy-change/rebuild",
    )
    require(
        registry.has_blob(repository, new[0]),
        f"the layer {new[0][:19]} was to be pushed, and it is not there",
        next=push,
    )
    evidence.update(digest=manifest.digest, new_layer=new[0], kept=len(manifest.layers) - 1)


@step("redeploy")
def test_new_text_is_served(engine: Engine, var: Mapping[str, str], evidence: dict[str, Any]) -> None:
    """the new text is served, by a container of the new image"""
    name, port = _name(var), int(var["app_port"])
    image = _image(engine, name)
    run = f"docker run -d -p {port}:{INSIDE} {name}"
    everyone = engine.containers()
    own = [container for container in everyone if container.image_id == image.id]
    if not own:
        old = next((each for each in everyone if each.running and port in each.host_ports(INSIDE)), None)
        found = f"{old.name} still serves the old image" if old else "there is none"
        first = f"docker container rm --force {old.name}, then {run}" if old else run
        raise NotDone(f"a container of the new image was asked for, and {found}", first)
    container = best_of(own, port, INSIDE)
    answering = port_to_ask(container, port, INSIDE)
    page = page_of(engine, container, answering, INSIDE)
    require(
        page.status == 200 and var["greeting"] in page.text,
        f"{var['greeting']!r} was to come from port {answering}, and what came is {page.status}: {page.text[:80]!r}",
        next=f"mend app.py, docker image build -t {name} ., and run it again",
    )
    evidence.update(container=container.id, image=image.id, port=answering, text=page.text[:200])


@step("order")
def test_wrong_order_misses_the_cache(
    engine: Engine, var: Mapping[str, str], folder: Path, recorded: Recorded, evidence: dict[str, Any]
) -> None:
    """with COPY above RUN, a change of app.py makes RUN run again"""
    first = recorded("build-flask-image/build")
    image = _image(engine, var["experiment"])
    layers = layers_of(engine, image)
    copy, run = _last(layers, made_by_copy), _last(layers, made_by_run)
    build = f"docker image build -t {var['experiment']} ."
    require(
        0 <= copy < run,
        f"in {var['experiment']} COPY was to come before RUN, and its history has them the other way round",
        next=f"move COPY above RUN in the Dockerfile, then {build}",
    )
    spared = set(image.layers[-2:]) & set(first["layers"])
    require(
        not spared,
        f"the layers from COPY on were to be made anew, and {len(spared)} of them came from the first build",
        next=f"change app.py, then {build}",
    )
    made, before = layers[-1].created, max(created for created, _, size in first["history"] if size)
    require(
        made >= before,
        "RUN was to run again after the first build, and its layer is older",
        next=f"change app.py, then {build}",
    )
    replaced = _first_tries(engine, image.layers[: len(first["layers"]) - 2], recorded("rebuild")["built"], folder)
    require(
        replaced,
        f"{var['experiment']} was to be built twice, after a change each, and no first build has lost its name to it",
        next=f"change app.py once more, then {build}",
    )
    evidence.update(image=image.id, copy=copy, run=run, made_anew=list(image.layers[-2:]), replaced=replaced)


def _first_tries(engine: Engine, base: Sequence[str], since: int, folder: Path) -> list[str]:
    """The learner's images without a name that stand on these layers and were built after ``since``, COPY above RUN.

    Others may do the same lab on the same engine: what was built in the labs' terminals has the lab's folder for a
    label. In a shell of one's own it has none; then the youngest one without any label is taken for it.
    """
    rows = [row for row in engine.image_rows() if not is_named(row) and row["Created"] > since]
    rows.sort(key=lambda row: row["Created"], reverse=True)
    found = {str(row["Id"]): (row["Labels"] or {}).get(_LABEL) for row in rows if _is_wrong(engine, row["Id"], base)}
    own = [identity for identity, label in found.items() if label == str(folder)]
    return own or [identity for identity, label in found.items() if label is None][:1]


def _is_wrong(engine: Engine, identity: str, base: Sequence[str]) -> bool:
    image = engine.image(identity)
    if image is None or image.layers[: len(base)] != tuple(base):
        return False
    made = layers_of(engine, image)
    return 0 <= _last(made, made_by_copy) < _last(made, made_by_run)


def _image(engine: Engine, name: str) -> Image:
    image = engine.image(name)
    if image is None:
        raise NotDone(f"an image named {name} was asked for, and there is none", f"docker image build -t {name} .")
    return image


def _new(layers: Sequence[str], before: Sequence[str]) -> str:
    new = [str(place) for place, layer in enumerate(layers, start=1) if layer not in before]
    return f"number {', '.join(new)} of {len(layers)}" if new else "none"


def _last(layers: Sequence[HistoryEntry], made: Callable[[HistoryEntry], bool]) -> int:
    """The place of the last layer that was made in this way; -1 where none was."""
    return max((place for place, entry in enumerate(layers) if made(entry)), default=-1)
