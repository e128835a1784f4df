"""``python -m labrunner.site.pictures.record FOLDER``: record all pictures' data on this host's engine, as root."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.engine.engine import Engine
from labrunner.engine.find import find_engine
from labrunner.model.errors import LabrunnerError, ToolError
from labrunner.model.lab import Course, StepRef, WriteFile
from labrunner.site.pictures.record import builds, host, images, separation
from labrunner.site.pictures.record.workshop import Workshop, workshop

Record = Callable[[Workshop], dict[str, Any]]


def records(course: Course) -> dict[str, Record]:
    """Each picture's name, and what records its data; the files that are built are the labs' own."""
    first = written(course, "build-flask-image/build")
    changed = first | written(course, "deploy-change/rebuild")
    wrong = changed | written(course, "deploy-change/order")
    return {
        "kernel": separation.one_kernel,
        "namespaces": separation.namespaces,
        "processes": separation.processes,
        "network": separation.network,
        "limits": separation.limits,
        "layers": lambda shop: images.layers(shop, first),
        "overlay": images.overlay,
        "pushes": lambda shop: builds.pushes(shop, first, changed),
        "cache": lambda shop: builds.cache(shop, first, wrong),
    }


def written(course: Course, step: str) -> dict[str, str]:
    """The files that a step of a lab writes."""
    lab, _, name = step.partition("/")
    found = next(step for step in course.lab(lab).steps if step.ref == StepRef(lab, name))
    return {action.path: action.content for action in found.actions if isinstance(action, WriteFile)}


def record(folder: Path) -> None:
    """Write one JSON file for each picture into ``folder``. ToolError where this host cannot show something."""
    facts = find_engine("auto")
    if facts.kind != "docker":
        raise ToolError(
            f"the pictures show what Docker does, and the engine at {facts.endpoint} is {facts.kind}",
            next="start Docker on this host, and set DOCKER_HOST to it",
        )
    engine = Engine(facts.endpoint)
    by = f"Docker {facts.version.partition('+')[0]} on Linux {host.kernel()}"
    with workshop(engine) as shop:
        for name, recorded in records(load_course(course_folder("labs"))).items():
            text = json.dumps({"recorded_on": by, **recorded(shop)}, indent=2) + "\n"
            (folder / f"{name}.json").write_text(text)


def main() -> None:
    """Read the folder from the command line."""
    try:
        record(Path(*sys.argv[1:]))
    except LabrunnerError as error:
        sys.exit(f"{error.says}; {error.next}")


if __name__ == "__main__":
    main()
