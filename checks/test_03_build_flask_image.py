"""Checks of the lab build-flask-image: an image of layers, and a container that answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labrunner.engine.engine import Engine
from labrunner.engine.objects import Container, Image
from labrunner.verify.checking import NotDone, require, step
from labrunner.verify.fixtures import Recorded
from labrunner.verify.looking import (
    best_of,
    demand_image,
    layers_of,
    made_by_copy,
    page_of,
    port_to_ask,
    shares_history,
)

BASE = "python:3.6.1-alpine"
INSIDE = 5000
REQUEST = re.compile(r"GET /\S* HTTP/")  # Flask puts colours around it
BUILD = "docker build -f Dockerfile -t python-hello-world ."


@step("archive")
def test_layers_of_the_base_are_counted(engine: Engine, answer: str, evidence: dict[str, Any]) -> None:
    """you know how many layers the image has"""
    base = _base(engine)
    evidence.update(image=base.id, layers=len(base.layers))
    require(
        answer == str(len(base.layers)),
        f"the number of layers of {BASE} was asked for, and {answer!r} is not it",
        next=f"docker image inspect --format '{{{{len .RootFS.Layers}}}}' {BASE}",
    )


@step("build")
def test_image_stands_on_its_base(
    engine: Engine, var: Mapping[str, str], folder: Path, evidence: dict[str, Any]
) -> None:
    """the image is built: Flask and your app on top of the Python image"""
    image = _built(engine, var["image"], folder)
    base = _base(engine)
    require(
        shares_history(image, base),
        f"{var['image']} was to be built on {BASE}, and its first layers are not that image's",
        next=f"put FROM {BASE} at the top of the Dockerfile, then {BUILD}",
    )
    added = len(image.layers) - len(base.layers)
    require(
        added >= 2,
        f"{var['image']} was to have a layer with Flask and one with app.py, and it adds {added} to its base",
        next=f"look at RUN and COPY in the Dockerfile, then {BUILD}",
    )
    require(
        "app.py" in " ".join(image.command),
        f"{var['image']} was to start app.py, and its command is {' '.join(image.command) or 'none'}",
        next=f'put CMD ["python","app.py"] into the Dockerfile, then {BUILD}',
    )
    history = [[entry.created, entry.created_by, entry.size] for entry in engine.history(image.id)]
    evidence.update(image=image.id, layers=list(image.layers), history=history)


@step("build")
def test_copy_comes_last(engine: Engine, var: Mapping[str, str], folder: Path, evidence: dict[str, Any]) -> None:
    """the layer with app.py is the last one, so that a change of it costs no other"""
    image = _built(engine, var["image"], folder)
    last = layers_of(engine, image)[-1]
    require(
        made_by_copy(last),
        f"COPY was to make the last layer, and the last one was made by {last.created_by[:60]!r}",
        next=f"move COPY to the end of the Dockerfile, then {BUILD}",
    )
    evidence.update(last=last.created_by)


@step("run")
def test_app_answers(engine: Engine, var: Mapping[str, str], evidence: dict[str, Any]) -> None:
    """your app answers on the port that you published"""
    container = _container(engine, var)
    port = port_to_ask(container, int(var["app_port"]), INSIDE)
    page = page_of(engine, container, port, INSIDE)
    require(
        page.status == 200 and var["greeting"] in page.text,
        f"{var['greeting']!r} was to come from port {port}, and what came is {page.status}: {page.text[:80]!r}",
        next=f"mend app.py, then {BUILD} and run it again",
    )
    evidence.update(container=container.id, image=container.image_id, port=port, text=page.text[:200])


@step("logs")
def test_log_shows_a_request(engine: Engine, recorded: Recorded, answer: str, evidence: dict[str, Any]) -> None:
    """the container's log shows your request, and you know from which address it came"""
    container = engine.container(recorded("run")["container"])
    if container is None:
        # no near miss: the step is blocked where the container of the step before is gone
        raise NotDone(
            "the app's container was asked for its log, and it is gone", "labrunner check build-flask-image/run"
        )
    # Behind the engine's time stamp; the checks' own requests have a word in their query.
    lines = [line.partition(" ")[2] for line in engine.logs(container).splitlines() if REQUEST.search(line)]
    own = [line for line in lines if "labrunner=" not in line]
    require(
        own,
        f"a request was to be in the log of {container.name}, and the only ones there are this check's own",
        next=f"open http://localhost:{recorded('run')['port']}",
    )
    require(
        answer.split(maxsplit=1)[0] in {line.split()[0] for line in lines},
        f"the address at the beginning of a line with GET was asked for, and {answer!r} is not it",
        next=f"docker container logs {container.short}",
    )
    evidence.update(container=container.id, request=own[-1])


def _base(engine: Engine) -> Image:
    return demand_image(engine, BASE, "looked at")


def _built(engine: Engine, name: str, folder: Path) -> Image:
    image = engine.image(name)
    if image is None:
        raise NotDone(*_why_missing(engine, name, folder))
    return image


def _why_missing(engine: Engine, name: str, folder: Path) -> tuple[str, str]:
    """Why there is no image of that name, and what to do: a file is missing, the build fails, or it was not named."""
    from labrunner.engine.trial import why_build_fails  # noqa: PLC0415 - the SDK, only where it is needed

    asked = f"an image named {name} was asked for, and there is none"
    for file in ("Dockerfile", "app.py"):
        if not (folder / file).is_file():
            return _missing(file, folder, asked)
    error = why_build_fails(engine.host, folder)
    if error is None:
        return f"{asked}; what is in {folder} can be built", f"cd {folder} && {BUILD}"
    return f"{asked}; Dockerfile:{error.line}: {error.instruction}: {error.reason}", f"mend that line, then {BUILD}"


def _missing(file: str, folder: Path, asked: str) -> tuple[str, str]:
    """That a file is missing, and what to do; it may have been written in the home, or in another lab's folder."""
    others = (place / file for place in (folder.parent, *sorted(folder.parent.iterdir())) if place != folder)
    found = next((other for other in others if other.is_file()), None)
    if found is None:
        return f"{asked}; {file} is missing in {folder}", f"write {file} in {folder}, then {BUILD}"
    return f"{asked}; {file} is missing in {folder}, and is in {found.parent}", f"cp {found} {folder}, then {BUILD}"


def _container(engine: Engine, var: Mapping[str, str]) -> Container:
    """A container of the image as it is now."""
    image = var["image"]
    now = engine.image(image)
    everyone = engine.containers()
    own = [container for container in everyone if now is not None and container.image_id == now.id]
    command = f"docker run -p {var['app_port']}:{INSIDE} -d {image}"
    if own:
        return best_of(own, int(var["app_port"]), INSIDE)
    older = [container for container in everyone if container.image.startswith(image) and container.running]
    if older:
        found = f"{older[0].name} still runs the image from before the last build"
        raise NotDone(
            f"a container of {image} was asked for, and {found}", f"docker rm -f {older[0].name}, then {command}"
        )
    raise NotDone(f"a running container of {image} was asked for, and there is none", command)
