"""What checks of several labs look at: containers by name and image, ports, listening sockets, namespaces."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from labrunner.engine.api import ApiError
from labrunner.engine.engine import Engine
from labrunner.engine.objects import Container, HistoryEntry, Image
from labrunner.engine.references import shown
from labrunner.engine.web import Page
from labrunner.verify.checking import Blocked, NotDone, answered_by, fetch_from, require

#: The six namespaces of the course, by their names under /proc/PID/ns.
NAMESPACES = ("pid", "user", "uts", "mnt", "net", "ipc")
_LOOPBACK = {"0100007F", "00000000000000000000000001000000"}
#: The column of a socket's state in /proc/net/tcp, and its code for one that listens (proc(5)).
_STATE, _LISTEN = 3, "0A"
#: Docker's documentation calls three digits of an ID almost always enough; fewer are a guess.
_FEWEST_DIGITS = 3
#: Lines of a log that are quoted: a traceback's last ones say where and why.
_LAST_LINES = 3
#: What engines say where a port of the host was taken, by another container or by another program.
_PORT_TAKEN = re.compile(r"[\d\]]:(\d+)\b.*(?:already allocated|already in use)")
#: Escape sequences (ECMA-48, and the choice of a character set), and other control characters.
_CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]+[0-~]|[\x00-\x1f\x7f]")


def _tagged(reference: str) -> str:
    """A reference as Docker shows it, with its tag."""
    name = shown(reference)
    return name if ":" in name.rpartition("/")[2] or "@" in name else f"{name}:latest"


def is_of(engine: Engine, container: Container, image: str) -> bool:
    """Whether a container was made from an image, by the name that was typed or by the image's ID."""
    if _tagged(container.image) == _tagged(image):
        return True
    found = engine.image(image)
    return found is not None and found.id == container.image_id


def demand_image(engine: Engine, image: str, use: str) -> Image:
    """The image of that name; BLOCKED where the engine lacks it, for no command of the learner's would then work."""
    found = engine.image(image)
    if found is None:
        raise Blocked(f"the image {image} was to be {use}, and it is not on the engine", "labrunner images prepare")
    return found


def last_words(engine: Engine, container: Container) -> str:
    """The last lines of a container's log, without their time stamps and what moves a terminal's cursor."""
    lines = [_CONTROLS.sub("", line.partition(" ")[2]).strip() for line in engine.logs(container).splitlines()]
    return " | ".join(telling([line for line in lines if line])) or "it wrote nothing"


def telling(lines: Sequence[str]) -> Sequence[str]:
    """The lines that say why a program ended: the last ones, but the panic of a Go program, which its stack follows."""
    panics = [line for line in lines if line.startswith("panic: ")]
    return panics[-1:] or lines[-_LAST_LINES:]


def why_not_running(engine: Engine, container: Container) -> str:
    """How a container that does not run ended: the engine's own error, else its exit code and last words."""
    if taken := _taken_port(container):
        return (
            f"{container.status}, because port {taken} of this host was taken already; end what has it, or choose"
            " another port as the step's text says"
        )
    if container.error:
        return f"{container.status}, because {container.error}"
    return f"{container.status} with exit code {container.exit_code}; its log ends: {last_words(engine, container)}"


def _taken_port(container: Container) -> str:
    """The host's port that kept a container from starting, if one did. Podman keeps no error of that."""
    if told := _PORT_TAKEN.search(container.error):
        return told[1]
    unsaid = container.status == "created" and not container.error
    return next((str(port.host) for port in container.ports if unsaid and _in_use(port.host)), "")


def demand_running(engine: Engine, container: Container, again: str = "run it again") -> None:
    """FAILED with how it ended where the container does not run; a paused one never answers.

    ``again`` is what to do once it has been removed.
    """
    require(
        container.status != "paused",
        f"the container {container.name} was to run, and it is paused",
        next=f"docker container unpause {container.name}",
    )
    require(
        container.running,
        f"the container {container.name} was to run, and it is {why_not_running(engine, container)}",
        next=f"docker container rm {container.name}, then {again}",
    )


def named_container(engine: Engine, name: str, image: str, command: str) -> Container:
    """The container of that name, made from that image; ``command`` is what would start it."""
    container = engine.container(name)
    if container is None or container.name != name:
        demand_image(engine, image, "run")
        others = [other for other in engine.containers() if is_of(engine, other, image)]
        found = f"one of {image} is named {others[0].name}" if others else f"none of the image {image} is there either"
        raise NotDone(f"a container named {name} was asked for, and there is none; {found}", command)
    require(
        is_of(engine, container, image),
        f"the container {name} was to run {image}, and it was made from {container.image}",
        next=f"docker container rm --force {name}, then {command}",
    )
    return container


def demand_port(container: Container, host: int, inside: int, command: str) -> None:
    """FAILED unless the container's port ``inside`` is published as ``host``."""
    published = container.host_ports(inside)
    found = ", ".join(f"{port.host}->{port.container}" for port in container.ports) or "no port"
    require(
        host in published,
        f"port {inside} of {container.name} was to be published as {host}, and it publishes {found}",
        next=f"docker container rm --force {container.name}, then {command}",
    )


def best_of(containers: Sequence[Container], wanted: int, inside: int) -> Container:
    """The one to look at: that runs and publishes its port ``inside`` as ``wanted``, else that runs, else the first.

    Others beside it, be they the newest, do no harm. There has to be one at least.
    """
    running = [container for container in containers if container.status == "running"]
    published = (container for container in running if wanted in container.host_ports(inside))
    return next(published, (running or containers)[0])


def port_to_ask(container: Container, wanted: int, inside: int) -> int:
    """The host's port behind which the container's ``inside`` answers: ``wanted``, or another if that one is taken."""
    published = container.host_ports(inside)
    if wanted in published:
        return wanted
    found = ", ".join(f"{port.host}->{port.container}" for port in container.ports) or "no port"
    require(
        published and _in_use(wanted),
        f"port {inside} of {container.name} was to be published as {wanted}, and it publishes {found}",
        next=f"docker container rm --force {container.short}, then run it again with -p {wanted}:{inside}",
    )
    return published[0]


def _in_use(port: int) -> bool:
    """Whether something answers on this host's port."""
    with contextlib.suppress(OSError), socket.create_connection(("localhost", port), timeout=2):
        return True
    return False


def page_of(
    engine: Engine, container: Container, port: int, inside: int, path: str = "/", again: str = "run it again"
) -> Page:
    """The container's page on a published port, known to come from this very container.

    A container that does not run or ends meanwhile, and a server that listens on the container's loopback address only,
    can never answer there, and are told at once. ``again`` is as ``demand_running`` has it.
    """

    def see_it_runs() -> None:
        now = engine.container(container.id)
        if now is not None:
            demand_running(engine, now, again)

    def give_up() -> None:
        see_it_runs()
        require(
            not _only_on_loopback(engine, container, inside),
            f"the server in {container.name} listens on 127.0.0.1 inside its container only,"
            f" so the published port {port} never reaches it",
            next="let it listen on every address (in Flask: host='0.0.0.0'), build and run again",
        )

    def ask(query: str) -> Page:
        return fetch_from(container, f"http://localhost:{port}{path}?{query}", give_up=give_up)

    see_it_runs()
    return answered_by(engine, container, ask)


def _only_on_loopback(engine: Engine, container: Container, port: int) -> bool:
    try:
        table = engine.run_inside(container, "sh", "-c", "cat /proc/net/tcp /proc/net/tcp6 2>/dev/null")
    except ApiError:  # it has just ended
        return False
    rows = [line.split() for line in table.splitlines()]
    places = [row[1].split(":") for row in rows if len(row) > _STATE and row[_STATE] == _LISTEN]
    addresses = {address for address, number in places if int(number, 16) == port}
    return bool(addresses) and addresses <= _LOOPBACK


def by_short_id(containers: Iterable[Container], digits: str) -> Container | None:
    """The one container whose ID begins with these digits, at least three of them."""
    if len(digits) < _FEWEST_DIGITS:
        return None
    found = [container for container in containers if container.id.startswith(digits.lower())]
    return found[0] if len(found) == 1 else None


def namespaces_of(engine: Engine, container: Container) -> Mapping[str, str]:
    """The container's namespaces as ``pid:[4026531836]``, read on this host or, where it cannot, through the engine."""
    try:
        return {name: str(Path(f"/proc/{container.pid}/ns", name).readlink()) for name in NAMESPACES}
    except OSError:  # another user's process, or an engine whose processes this host does not see
        links = [f"/proc/self/ns/{name}" for name in NAMESPACES]
        printed = engine.run_inside(container, "readlink", *links).split()
        return dict(zip(NAMESPACES, printed, strict=False))


def visible(container: Container) -> bool:
    """Whether this host's /proc shows the container's process 1: the PID alone may be another one's."""
    try:
        command = Path(f"/proc/{container.pid}/cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
    except OSError:
        return False
    return bool(container.command) and Path(command).name == Path(container.command[0]).name


def made_by_copy(entry: HistoryEntry) -> bool:
    """Whether COPY or ADD made a layer."""
    return "COPY " in entry.created_by or "ADD " in entry.created_by


def made_by_run(entry: HistoryEntry) -> bool:
    """Whether RUN made it: the classic builder marks everything else with ``#(nop)``, BuildKit writes the word."""
    return "/bin/sh -c" in entry.created_by and "#(nop)" not in entry.created_by


def is_named(row: Mapping[str, Any]) -> bool:
    """Whether an image of the engine's list has a name, be it a tag or a digest."""
    names = [*(row["RepoTags"] or ()), *(row["RepoDigests"] or ())]
    return any(not name.startswith("<none>") for name in names)


def layers_of(engine: Engine, image: Image) -> tuple[HistoryEntry, ...]:
    """The image's history without what made no layer. A layer of empty files and folders has no size either."""
    return tuple(e for e in engine.history(image.id) if e.size or made_by_run(e) or made_by_copy(e))


def shares_history(image: Image, base: Image) -> bool:
    """Whether an image stands on all of a base's layers."""
    return image.layers[: len(base.layers)] == base.layers
