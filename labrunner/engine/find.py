"""Which engine is meant: a choice and this host's settings in, one endpoint and the reason for it out.

``auto`` takes DOCKER_HOST, else the current Docker context if it is local, else the usual sockets of Docker and Podman,
else starts an installed engine where it may: Docker, then Podman's service; else the namespace engine.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labrunner.engine.api import Api, ApiError, EngineUnreachable
from labrunner.engine.namespace import is_namespace, namespace_engine
from labrunner.engine.namespace import start as start_namespace
from labrunner.engine.objects import is_podman, is_rootless
from labrunner.engine.podman import podman_sockets, start_podman
from labrunner.engine.start import start_docker
from labrunner.model.errors import LabrunnerError, ToolError
from labrunner.model.verdict import EngineFacts

#: In a lab's shell: the engine itself, where DOCKER_HOST names what stands between it and the learner.
ENDPOINT = "LABRUNNER_ENDPOINT"
KINDS = ("auto", "docker", "podman", "namespace")
_PROBE_SECONDS = 10.0


@dataclass(frozen=True)
class Candidate:
    """A place where an engine may answer, and why it is looked for there."""

    host: str
    why: str


def find_engine(choice: str, environ: Mapping[str, str] = os.environ) -> EngineFacts:
    """The engine to use. ToolError with what was tried and what mends it where there is none."""
    refusals: list[LabrunnerError] = []
    for candidate in _candidates(choice, environ):
        try:
            return _facts(candidate, choice)
        except EngineUnreachable as error:
            if candidate.why == "DOCKER_HOST":  # doctor, too, would ask no other engine
                raise EngineUnreachable(error.says, next=_instead_of_named(error)) from error
            refusals.append(error)
    if choice in {"auto", "docker"} and (started := start_docker()) is not None:
        return _facts(Candidate(started, "an installed Docker Engine, started by labrunner"), choice)
    try:
        started = start_podman(environ) if choice in {"auto", "podman"} else None
    except ToolError:
        if refusals and choice == "auto":  # a socket that may not be opened is nearer than an engine nobody asked for
            raise refusals[0] from None
        raise
    if started is not None:
        return _facts(Candidate(started, "Podman's Docker-compatible service, started by labrunner"), choice)
    if refusals and choice != "namespace":
        raise refusals[0]
    return _own_engine(choice, environ)


def _own_engine(choice: str, environ: Mapping[str, str]) -> EngineFacts:
    """The namespace engine, started where it does not run. ToolError where it may not be taken or does not start."""
    none = f"an engine was looked for ({choice}), and none answers on this host"
    if choice in {"docker", "podman"} or sys.platform != "linux":
        raise ToolError(none, next=install_advice(choice))
    own = namespace_engine(environ=environ)
    try:
        lacking = start_namespace(own)
    except ToolError as error:
        if choice == "namespace":
            raise
        raise ToolError(f"{none}; labrunner's own does not start: {error.says}", next=install_advice()) from error
    return _facts(
        Candidate(own.host, f"labrunner's own engine{', started now' if lacking is not None else ''}"), choice
    )


def _instead_of_named(error: EngineUnreachable) -> str | None:
    """What leads on where DOCKER_HOST names an engine that does not answer."""
    return error.next if error.next != "labrunner doctor" else "unset DOCKER_HOST, or start the engine that it names"


def demand_client() -> None:
    """ToolError where there is no ``docker`` command, which the labs' solutions are typed with."""
    if shutil.which("docker") is None:
        raise ToolError(
            "the labs were to be done by the docker command, and there is none on PATH", next=install_advice()
        )


def install_advice(choice: str = "auto") -> str:
    """How to get an engine on this host."""
    if Path("/etc/debian_version").exists():
        packages = "podman runc" if choice == "podman" else "docker.io"
        return f"sudo apt-get install --no-install-recommends {packages}"
    return "install Docker (https://docs.docker.com/get-started/get-docker/) or Podman, and start it"


def _candidates(choice: str, environ: Mapping[str, str]) -> Iterator[Candidate]:
    if given := environ.get(ENDPOINT):
        yield Candidate(given, "the engine of this lab's shell")
        return
    if named := environ.get("DOCKER_HOST"):
        yield Candidate(named, "DOCKER_HOST")
        return
    if choice in {"auto", "docker"}:
        if context := _current_context(environ):
            name, host = context
            if choice == "auto" and not host.startswith("unix://"):
                raise ToolError(
                    f"the current Docker context {name!r} is a remote engine ({host}), which has to be named",
                    next=f"docker context use default, or export DOCKER_HOST={host}",
                )
            yield Candidate(host, f"the Docker context {name!r}")
        yield from _sockets(_docker_sockets(environ), "Docker's usual socket")
    if choice in {"auto", "podman"}:
        yield from _sockets(podman_sockets(environ), "Podman's usual socket")


def _sockets(paths: Iterator[Path], why: str) -> Iterator[Candidate]:
    yield from (Candidate(f"unix://{path}", why) for path in paths if path.is_socket())


def _docker_sockets(environ: Mapping[str, str]) -> Iterator[Path]:
    yield Path("/var/run/docker.sock")
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime, "docker.sock")
    home = Path(environ.get("HOME", "/"))
    yield home / ".docker/run/docker.sock"
    yield home / ".docker/desktop/docker.sock"


def _current_context(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The name and host of the Docker CLI's current context; None for its default one.

    Contexts lie in ``contexts/meta/SHA256-OF-NAME/meta.json`` of the CLI's configuration.
    """
    config = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "/"), ".docker"))
    name = environ.get("DOCKER_CONTEXT") or _load(config / "config.json").get("currentContext")
    if not name or name == "default":
        return None
    meta = config / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    try:
        return name, str(_load(meta)["Endpoints"]["docker"]["Host"])
    except (KeyError, TypeError) as error:
        raise ToolError(
            f"the current Docker context {name!r} was asked for, and {meta} does not describe it",
            next="docker context use default",
        ) from error


def _load(file: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _facts(candidate: Candidate, choice: str) -> EngineFacts:
    api = Api(candidate.host, timeout=_PROBE_SECONDS)
    ask: Callable[[str], Any] = lambda path: api.json("GET", path)  # noqa: E731 - one line says it
    try:
        version, info = ask("/version"), ask("/info")
    except ApiError as error:
        raise EngineUnreachable(
            f"the engine at {candidate.host} was asked for its version, and it answers {error.status}: {error.message}",
            next="labrunner doctor",
        ) from error
    if not isinstance(version, dict) or not isinstance(info, dict):
        raise EngineUnreachable(
            f"the engine at {candidate.host} was asked for its version, and what answers there is no engine",
            next="labrunner doctor",
        )
    kind = "podman" if is_podman(version) else "namespace" if is_namespace(version) else "docker"
    if choice not in {"auto", kind}:
        raise EngineUnreachable(
            f"{choice} was asked for, and {candidate.host} is {kind}", next=f"labrunner doctor --engine {kind}"
        )
    return EngineFacts(
        kind=kind,
        version=str(version.get("Version", "")),
        rootless=is_rootless(info),
        endpoint=candidate.host,
        why=candidate.why,
    )
