"""Examine whether a host can run labs: the engine, the client, the disk, the images, names and ports that are taken."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labrunner.engine.engine import Engine
from labrunner.engine.find import find_engine, install_advice
from labrunner.engine.finding import Finding
from labrunner.engine.ledger import Ledger, Made
from labrunner.engine.objects import timestamp
from labrunner.model.errors import LabrunnerError, ToolError
from labrunner.model.verdict import EngineFacts

#: What the labs' images and what is built on them take, in bytes.
ROOM = 2 << 30
_OLDEST_API = (1, 41)
#: From how many days on an image is called old: its tag has surely moved on since.
_OLD_DAYS = 730
#: What engines call the processor, and what images call it.
_PROCESSORS = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


@dataclass(frozen=True)
class Names:
    """What a lab calls its own: the names that it gives to containers, and the repositories that it makes."""

    containers: frozenset[str]
    makes: frozenset[str]


def examine(choice: str) -> tuple[EngineFacts | None, tuple[Finding, ...]]:
    """Look for the engine and the tools beside it."""
    findings = [_client(), _shell()]
    try:
        facts = find_engine(choice)
    except LabrunnerError as error:
        return None, (Finding("engine", blocks=True, says=error.says, next=error.next), *findings)
    engine = Engine(facts.endpoint)
    says = f"{facts.kind} {facts.version} answers at {facts.endpoint} ({facts.why})"
    if facts.kind == "podman" and shutil.which("docker") is None and shutil.which("podman") is not None:
        findings[0] = _podman_as_client()
    return facts, (Finding("engine", blocks=False, says=says), _version(engine), *findings, *_disk(engine))


def _client() -> Finding:
    client = shutil.which("docker")
    if client is None:
        return Finding("client", blocks=True, says="there is no docker command on PATH", next=install_advice())
    return Finding("client", blocks=False, says=f"the docker command is {client}")


def _podman_as_client() -> Finding:
    says = "there is no docker command; labrunner shell offers podman as docker, and run, solve and goto need Docker's"
    return Finding("client", blocks=False, says=says, next=install_advice())


def _shell() -> Finding:
    shell = shutil.which("bash")
    if shell is None:
        return Finding("shell", blocks=True, says="there is no bash on PATH", next="sudo apt-get install bash")
    return Finding("shell", blocks=False, says=f"the labs' terminals run {shell}")


def _version(engine: Engine) -> Finding:
    spoken = str(engine.api.json("GET", "/version").get("ApiVersion", "0.0"))
    if tuple(int(part) for part in spoken.split(".")) < _OLDEST_API:
        oldest = ".".join(map(str, _OLDEST_API))
        says = f"the engine speaks API {spoken}, and the labs need {oldest} (Docker 20.10)"
        return Finding("version", blocks=True, says=says, next=install_advice())
    return Finding("version", blocks=False, says=f"the engine speaks API {spoken}")


def _disk(engine: Engine) -> Iterator[Finding]:
    """The room below the engine's folder, where this host can see it."""
    info: dict[str, Any] = engine.api.json("GET", "/info")
    folder = Path(info.get("DockerRootDir") or "/nonexistent")
    if not folder.is_dir() or not os.access(folder, os.R_OK):
        return
    free = shutil.disk_usage(folder).free
    says = f"{free / (1 << 30):.1f} GiB are free in {folder}; the labs take up to {ROOM / (1 << 30):.0f}"
    yield Finding("disk", blocks=free < ROOM, says=says, next="docker system df" if free < ROOM else None)


def examine_images(engine: Engine, images: Iterable[str]) -> Iterator[Finding]:
    """Which of the labs' images the engine has, how old they are, and whether its processor runs them."""
    processor = str(engine.api.json("GET", "/info").get("Architecture", ""))
    processor = _PROCESSORS.get(processor, processor)
    for image in images:
        data = engine.api.find(f"/images/{image}/json")
        if data is None:
            says = f"{image} is not on the engine"
            yield Finding("image", blocks=True, says=says, next="labrunner images prepare")
            continue
        labels = (data.get("Config") or {}).get("Labels") or {}
        mark = ", a stand-in built on this host" if labels.get("labrunner.stand-in") == image else ""
        made = timestamp(data.get("Created") or "")
        old = made is not None and (datetime.now(UTC) - made).days >= _OLD_DAYS
        age = f", old: it was made on {made:%Y-%m-%d}" if made and old else ""
        yield Finding("image", blocks=False, says=f"{image} is there{mark}{age}")
        built_for = data.get("Architecture") or processor
        if built_for != processor:
            says = (
                f"{image} is for {built_for}, and the engine's host is {processor}; without an emulator it cannot run"
            )
            yield Finding("processor", blocks=False, says=says, next=f"docker image rm {image}")


def examine_ports(engine: Engine, ports: Sequence[int], is_free: Callable[[int], bool]) -> Iterator[Finding]:
    """Which of the labs' ports are taken; labs replace a taken one when they are started, so none blocks."""
    holders = {port.host: each.name for each in engine.containers() if each.running for port in each.ports}
    for port in ports:
        if is_free(port):
            yield Finding("port", blocks=False, says=f"port {port} is free")
        else:
            holder = f"the container {holders[port]}" if port in holders else "another program"
            yield Finding(
                "port", blocks=False, says=f"port {port} is taken by {holder}; a lab started now takes another"
            )


def taken_names(ledger: Ledger, lab: str, names: Names, home: str) -> Iterator[ToolError]:
    """What has a name that a lab is about to take and was not made in that home."""
    for name in sorted(names.containers):
        container = ledger.engine.container(name)
        if container is not None and container.name == name:
            other = ledger.find("container", container.id)
            if other is None or other.home != home:
                yield _taken(
                    f"{lab} makes a container named {name}, and one of that name is there"
                    f" ({container.short}, {container.image}, {container.status})",
                    other,
                    f"docker container rename {name} {name}-kept, or docker container rm --force {name}",
                )
    for name in sorted(names.makes):
        image = ledger.engine.image(name)
        if image is not None:
            other = ledger.find("image", image.id)
            if other is None or other.home != home:
                yield _taken(
                    f"{lab} makes an image named {name}, and one of that name is there ({image.id[7:19]})",
                    other,
                    f"docker tag {name} {name}-kept && docker image rm {name}",
                )


def _taken(says: str, other: Made | None, remedy: str) -> ToolError:
    """The error for a taken name, and the way out: another home's lab is reset, a stranger's thing is renamed."""
    if other is None:
        return ToolError(f"{says}, which no lab made", next=remedy)
    return ToolError(
        f"{says}, which {other.lab} made in {other.home}", next=f"labrunner reset {other.lab} --home {other.home}"
    )
