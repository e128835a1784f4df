"""Which function answers which path: a look-up by method, first and last word; what stands between them is a name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from labrunner.daemon.answers import Answer
from labrunner.daemon.engine import Engine
from labrunner.daemon.errors import ApiError, not_built, page_not_found
from labrunner.daemon.requests import Request
from labrunner.daemon.routes import containers, execs, images, networks, output, system

Route = Callable[[Engine, Request, str], Awaitable[Answer]]
ROUTES: Mapping[str, Route] = {
    **system.ROUTES,
    **containers.ROUTES,
    **output.ROUTES,
    **execs.ROUTES,
    **images.ROUTES,
    **networks.ROUTES,
}
#: First words of paths that Docker has and this engine has not, and what they are about.
_UNBUILT = {
    "auth": "logins to registries",
    "build": "builds yet",
    "configs": "swarm",
    "containers": "this part of containers",
    "distribution": "registries",
    "exec": "this part of exec",
    "grpc": "BuildKit: set DOCKER_BUILDKIT=0",
    "images": "this part of images",
    "networks": "networks of your own yet; none, host and a private one are there",
    "nodes": "swarm",
    "plugins": "plugins",
    "secrets": "swarm",
    "services": "swarm",
    "session": "BuildKit: set DOCKER_BUILDKIT=0",
    "swarm": "swarm",
    "system": "this part of the system",
    "tasks": "swarm",
    "volumes": "volumes yet; bind a folder of the host by its absolute path",
}
_PAIR = 2


def find(method: str, path: tuple[str, ...]) -> tuple[Route, str]:
    """The route of a path without its version, and the name in it. ApiError: 501 for what Docker has, else 404."""
    for key, name in _keys(path):
        route = ROUTES.get(f"{method} /{key}")
        if route is not None:
            return route, name
    if any(route.partition(" /")[2] == "/".join(path) for route in ROUTES):
        raise page_not_found()  # the path is there, with another method
    raise _unknown(path)


def _keys(path: tuple[str, ...]) -> list[tuple[str, str]]:
    """How the path may stand in the table: ``images/json``, ``images/*/json``, ``images/*`` (names have slashes)."""
    if len(path) < _PAIR:
        return [("/".join(path), "")]
    whole = (f"{path[0]}/*", "/".join(path[1:]))
    if len(path) == _PAIR:
        return [("/".join(path), ""), whole]
    return [(f"{path[0]}/*/{path[-1]}", "/".join(path[1:-1])), whole]


def _unknown(path: tuple[str, ...]) -> ApiError:
    return not_built(_UNBUILT[path[0]]) if path and path[0] in _UNBUILT else page_not_found()
