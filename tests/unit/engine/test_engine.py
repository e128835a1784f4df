"""The engine, asked in the course's terms: what differs between Docker and Podman is not seen above it."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.objects import Process
from tests.unit.builders import a_container
from tests.unit.conftest import Serve
from tests.unit.servers import routes

PODMAN = {"Components": [{"Name": "Podman Engine"}]}
DOCKER = {"Components": [{"Name": "Engine"}]}


@pytest.mark.parametrize(
    ("version", "titles", "words"),
    [(DOCKER, ["PID", "COMMAND"], "-eo pid,args"), (PODMAN, ["HPID", "COMMAND"], "hpid,args")],
)
def test_processes_are_asked_for_in_the_engines_own_words(
    serve: Serve, socket_folder: Path, version: object, titles: list[str], words: str
) -> None:
    """As numbered by its host, each command whole."""
    container = a_container("web")
    asked = f"/v1.41/containers/{container.id}/top"
    rows = [["4711", "top -d 5"], ["4712", "bash"]]
    server = serve(
        routes({"/v1.41/version": version, asked: {"Titles": titles, "Processes": rows}}), socket_folder / "s"
    )
    assert Engine(server.host).processes(container) == (Process(4711, "top -d 5"), Process(4712, "bash"))
    assert server.requests[-1].query == {"ps_args": words}


def test_container_that_has_ended_has_no_processes(serve: Serve, socket_folder: Path) -> None:
    """Podman says nothing at all of it, Docker refuses."""
    container = a_container("web")
    asked = f"/v1.41/containers/{container.id}/top"
    silent = serve(routes({"/v1.41/version": PODMAN, asked: None}), socket_folder / "podman")
    refusing = serve(routes({"/v1.41/version": DOCKER}), socket_folder / "docker")
    assert Engine(silent.host).processes(container) == Engine(refusing.host).processes(container) == ()


def test_image_rows_have_docker_s_names(serve: Serve, socket_folder: Path) -> None:
    """Also where there are none."""
    rows = [
        {"Id": "1", "RepoTags": ["docker.io/library/nginx:latest"], "RepoDigests": ["localhost/app@sha256:feed"]},
        {"Id": "2", "RepoTags": None, "RepoDigests": None},
    ]
    server = serve(routes({"/v1.41/images/json": rows}), socket_folder / "s")
    first, second = Engine(server.host).image_rows()
    assert (first["RepoTags"], first["RepoDigests"]) == (["nginx:latest"], ["app@sha256:feed"])
    assert (second["RepoTags"], second["RepoDigests"]) == ([], [])
