"""Checks of the lab first-container: a process, its namespaces and its cgroup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labrunner.engine.engine import Engine
from labrunner.engine.objects import Container, is_rootless
from labrunner.verify.checking import NotDone, require, step
from labrunner.verify.fixtures import Recorded
from labrunner.verify.looking import (
    NAMESPACES,
    by_short_id,
    demand_image,
    demand_running,
    is_of,
    namespaces_of,
    visible,
    why_not_running,
)

RUN = "docker container run -t ubuntu top"
LIMIT = 64 << 20


@step("top")
def test_top_is_process_1(engine: Engine, var: Mapping[str, str], evidence: dict[str, Any]) -> None:
    """top runs as process 1 of a container"""
    container = _top_container(engine, var["image"])
    first = next((process for process in engine.processes(container) if process.pid == container.pid), None)
    require(
        first is not None and _program(first.command) == "top",
        f"process 1 of {container.name} was to be top, and it is {first.command if first else 'not there'}",
        next=RUN,
    )
    inside = _pid_inside(container)
    require(
        inside == 1,
        f"top was to be process 1 of {container.name}, and it is process {inside} of a PID namespace of others",
        next=f"docker container rm --force {container.short}, then {RUN}",
    )
    evidence.update(container=container.id, host_pid=container.pid, pid=inside, cmd="top")


@step("list")
def test_container_is_known_by_its_id(
    engine: Engine, recorded: Recorded, answer: str, evidence: dict[str, Any]
) -> None:
    """you know the ID of the container that runs top"""
    top = recorded("top")["container"]
    found = by_short_id(engine.containers(), answer)
    require(
        found is not None and found.id == top,
        f"the ID of the container that runs top was asked for, at least three digits of it, and {answer!r} is not it",
        next="docker container ls",
    )
    evidence.update(container=top, answer=answer)


@step("shell")
def test_bash_runs_beside_top(engine: Engine, recorded: Recorded, evidence: dict[str, Any]) -> None:
    """bash runs in the container, beside top"""
    container = _recorded_container(engine, recorded)
    commands = [process.command for process in engine.processes(container)]
    require(
        any(_program(command) == "bash" for command in commands),
        f"bash was to run in {container.name}, and its processes are {', '.join(commands)}",
        next=f"docker container exec -it {container.short} bash",
    )
    evidence.update(container=container.id, processes=commands)


@step("leave")
def test_top_outlives_the_shell(engine: Engine, recorded: Recorded, evidence: dict[str, Any]) -> None:
    """the shell has ended, and top still runs"""
    container = _recorded_container(engine, recorded)
    commands = [process.command for process in engine.processes(container)]
    require(
        not any(_program(command) == "bash" for command in commands),
        f"bash was to end, and it still runs in {container.name}",
        next="exit, typed at the prompt of the shell in the container",
    )
    evidence.update(container=container.id, remaining=commands)


@step("host")
def test_host_numbers_the_same_process(
    engine: Engine, recorded: Recorded, answer: str, evidence: dict[str, Any]
) -> None:
    """you know which PID the host gives to the container's top"""
    container = _recorded_container(engine, recorded)
    evidence.update(container=container.id)
    if not visible(container):
        evidence["limited"] = "this host does not see the engine's processes; the engine's own numbers were compared"
    require(
        answer == str(container.pid),
        f"the PID of the container's top on the host was asked for, and {answer!r} is not it",
        next=f"docker container inspect --format '{{{{.State.Pid}}}}' {container.short}",
    )
    evidence.update(host_pid=container.pid)


@step("namespaces")
def test_namespaces_differ(engine: Engine, recorded: Recorded, answer: str, evidence: dict[str, Any]) -> None:
    """you know which of the six namespaces the container shares with the host"""
    container = _recorded_container(engine, recorded)
    inside = namespaces_of(engine, container)
    # no near miss: it takes an engine whose /proc does not show what every one of a proof shows
    require(
        len(inside) == len(NAMESPACES), f"the namespaces of {container.name} cannot be read", next="labrunner doctor"
    )
    outside = {
        name: str(Path("/proc/self/ns", name).readlink()) for name in NAMESPACES if Path("/proc/self/ns", name).exists()
    }
    shared = [name for name in NAMESPACES if inside[name] == outside.get(name)]
    evidence.update(container=container.id, inside=list(inside.values()), shared=shared)
    said = re.split(r"[:\s]", answer.lower())[0]
    allowed = set(shared) or {"none"}
    if not visible(container):
        evidence["limited"] = "the engine's host is not this one, so its namespaces cannot be compared from here"
        allowed |= {"none", "user"}
    require(
        said in allowed,
        f"the namespace that inside and outside share was asked for, and {answer!r} is not it",
        next="comm -12 inside.txt outside.txt",
    )
    require(
        set(shared) <= {"user"},
        f"only the user namespace may be the host's, and {container.name} shares {', '.join(shared)}",
        next=RUN,
    )


@step("memory")
def test_memory_is_limited(engine: Engine, recorded: Recorded, evidence: dict[str, Any]) -> None:
    """the container may use 64 MiB of memory, and its cgroup says so"""
    container = _recorded_container(engine, recorded)
    evidence.update(container=container.id)
    if not _gives_memory_cgroups(engine):
        evidence["limited"] = "this engine has no memory cgroup to give, so there is no limit to read"
        return
    client = "podman" if engine.is_podman else "docker"  # Podman 4 has no endpoint of Docker's API for it
    update = f"{client} container update --memory 64m --memory-swap 64m {container.short}"
    require(
        engine.is_podman or container.memory == LIMIT,  # Podman 4 keeps no record of a change, so its cgroup decides
        f"a limit of {LIMIT} bytes was asked for, and {container.name} has {container.memory or 'none'}",
        next=update,
    )
    limit = _cgroup_limit(engine, container)
    # no near miss: Docker's cgroup says what its record says; it decides on Podman, which keeps no record of a change
    require(limit == LIMIT, f"the cgroup of {container.name} was to say {LIMIT}, and it says {limit}", next=update)
    evidence.update(limit=limit)


@step("stop")
def test_top_has_ended(engine: Engine, recorded: Recorded, evidence: dict[str, Any]) -> None:
    """top has ended, and its container with it"""
    top = recorded("top")["container"]
    container = engine.container(top)
    require(
        container is None or not container.running,
        f"the container {top[:12]} was to end, and it still runs",
        next=f"Ctrl-C in the terminal of top, or docker container stop {top[:12]}",
    )
    evidence.update(container=top)


def _top_container(engine: Engine, image: str) -> Container:
    own = [container for container in engine.containers() if is_of(engine, container, image)]
    tops = [container for container in own if _program(" ".join(container.command)) == "top"]
    running = [container for container in tops if container.running]
    if running:
        container = next((each for each in running if each.status != "paused"), running[0])
        demand_running(engine, container)
        return container
    if tops:
        found = f"the last one is {why_not_running(engine, tops[0])}"
        raise NotDone(f"a running container with top was asked for, and {found}", RUN)
    demand_image(engine, image, "run")
    found = f"{own[0].name} runs {' '.join(own[0].command)}" if own else f"there is none of the image {image}"
    raise NotDone(f"a container with top was asked for, and {found}", RUN)


def _recorded_container(engine: Engine, recorded: Recorded) -> Container:
    top = recorded("top")["container"]
    container = engine.container(top)
    if container is None:
        raise NotDone(f"the container {top[:12]} was asked for, and it is gone", RUN)
    demand_running(engine, container)
    return container


def _program(command: str) -> str:
    words = command.split()
    return Path(words[0]).name if words else ""


def _pid_inside(container: Container) -> int:
    """The PID in the container's own namespace, the last one of NSpid (proc(5)); 1 by definition where it is unseen."""
    if not visible(container):
        return 1
    try:
        status = Path(f"/proc/{container.pid}/status").read_text()
    except OSError:
        return 1
    numbers = re.search(r"^NSpid:\s+(.+)$", status, re.MULTILINE)
    return int(numbers[1].split()[-1]) if numbers else 1


def _gives_memory_cgroups(engine: Engine) -> bool:
    """Whether the engine can limit memory: an ordinary user's can with cgroups version 2 only."""
    info = engine.api.json("GET", "/info")
    return bool(info.get("MemoryLimit", True)) and not (is_rootless(info) and info.get("CgroupVersion") == "1")


def _cgroup_limit(engine: Engine, container: Container) -> int:
    """The limit in bytes, from the container's own view of its cgroup: version 2, else version 1; 0 for none."""
    files = "/sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes"
    printed = engine.run_inside(container, "sh", "-c", f"cat {files} 2>/dev/null").split()
    return int(printed[0]) if printed and printed[0].isdigit() else 0
