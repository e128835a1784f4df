"""A Docker Engine of one's own, beside another one: two at once share no name, no port and no build cache.

It lives in namespaces of its own. The network namespace is that of a container on the other engine, which gives it a
way out and takes it away; the others are made by unshare(1), and what is started in them ends with the engine, even
where that is killed. Its files lie in one temporary folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from labrunner.engine.api import ApiError
from labrunner.engine.engine import Engine
from labrunner.engine.find import ENDPOINT
from labrunner.engine.start import await_engine, last_line
from labrunner.model.errors import LabrunnerError, ToolError
from labrunner.model.verdict import EngineFacts

_PROGRAMS = ("dockerd", "iptables", "nsenter", "setpriv", "unshare")
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
_CGROUPS = Path("/sys/fs/cgroup")
#: Seconds that an engine without containers may take to end.
_END_SECONDS = 20.0
_WITHOUT = "the same without --jobs"


@dataclass(frozen=True)
class OwnEngine:
    """An engine at ``endpoint``. ``folder`` is gone with it; ``pid``, its process 1, is known to this host."""

    endpoint: str
    folder: Path
    pid: int

    def inside(self, *command: str) -> tuple[str, ...]:
        """The command line by which a program sees the engine's ports and processes, and ends with it."""
        return ("nsenter", f"--target={self.pid}", "--net", "--pid", "--mount", *command)

    def environ(self) -> Mapping[str, str]:
        """The environment of such a program; what is temporary lies in the engine's folder."""
        return {**_client(self.endpoint), "TMPDIR": str(self.folder)}


def demand_own_engines(beside: EngineFacts) -> None:
    """ToolError with what this host lacks for engines of one's own beside that one."""
    missing = [program for program in _PROGRAMS if shutil.which(program, path=_PATH) is None]
    if os.geteuid() != 0:
        lack = "this user is not root"
    elif missing:
        lack = f"there is no {' and no '.join(missing)} here"
    elif beside.kind != "docker" or not beside.endpoint.startswith("unix://"):
        lack = f"the engine that has the images is {beside.kind} at {beside.endpoint}, and not Docker on this host"
    else:
        return
    raise ToolError(f"engines of one's own were asked for, by --jobs, and {lack}", next=_WITHOUT)


@contextmanager
def own_engine(beside: str, images: Iterable[str]) -> Iterator[OwnEngine]:
    """An engine with these images, taken from the engine at ``beside``; it is removed with all that was made on it.

    Raises ToolError where it does not come up.
    """
    names = tuple(images)
    with (
        tempfile.TemporaryDirectory(prefix="labrunner-own-") as folder,  # short: sockets lie in it
        _cgroup(Path(folder).name),
        _network(beside, names[0], Path(folder).name) as network,
        _daemon(Path(folder), network) as engine,
    ):
        _copy(names, beside, engine.endpoint)
        try:
            yield engine
        finally:
            _empty(engine.endpoint)


@contextmanager
def _cgroup(name: str) -> Iterator[None]:
    """The control groups of its containers, which an engine that is killed leaves, in each hierarchy of version 1."""
    try:
        yield
    finally:
        for top in (*_CGROUPS.glob(name), *_CGROUPS.glob(f"*/{name}")):
            for folder in (*sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True), top):
                with suppress(OSError):  # version 1 has the same hierarchy under two names
                    folder.rmdir()


@contextmanager
def _network(beside: str, image: str, name: str) -> Iterator[int]:
    """A container for its network namespace; the process that has it. It ends when nobody holds its input any more."""
    run = ("docker", "run", "--rm", "--interactive", "--name", name, "--entrypoint", "sh", image, "-c")
    with subprocess.Popen(  # noqa: S603 - the docker command on PATH, as the labs use it
        [*run, f"echo {name}; exec cat"],
        env=_client(beside),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as client:
        assert client.stdout is not None  # noqa: S101 - as asked for above
        assert client.stderr is not None  # noqa: S101 - as above
        if client.stdout.readline().strip() != name:
            raise ToolError(
                f"a network for an engine of its own was to be made, and docker says: {client.stderr.read().strip()}",
                next="labrunner doctor",
            )
        found = Engine(beside).container(name)
        if found is None or not Path(f"/proc/{found.pid}/ns/net").exists():
            raise ToolError(
                f"the container {name} was started on {beside}, and this host does not see its process",
                next=_WITHOUT,
            )
        yield found.pid


@contextmanager
def _daemon(folder: Path, network: int) -> Iterator[OwnEngine]:
    """Start the engine in its namespaces, and end it with all that runs in them."""
    host, log = f"unix://{folder}/docker.sock", folder / "log"
    config = folder / "daemon.json"  # the host's own would be read too
    config.write_text("{}\n", encoding="utf-8")
    places = (f"--data-root={folder}/data", f"--exec-root={folder}/run", f"--pidfile={folder}/pid")
    cgroups = (f"--cgroup-parent=/{folder.name}", "--exec-opt=native.cgroupdriver=cgroupfs")
    there = ("setpriv", "--pdeathsig=KILL", "nsenter", f"--net=/proc/{network}/ns/net")  # it does not outlive this one
    apart = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
    with log.open("wb") as written:
        daemon = subprocess.Popen(  # noqa: S603 - programs found on PATH
            [*there, *apart, "dockerd", f"--host={host}", f"--config-file={config}", *places, *cgroups],
            env={**os.environ, "PATH": _PATH},
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
    try:
        if not await_engine(host, daemon):
            raise ToolError(
                f"an engine of its own was started, and it does not answer; the end of its log: {last_line(log)}",
                next=_WITHOUT,
            )
        yield OwnEngine(host, folder, _child(daemon.pid))
    finally:
        _end(daemon)


def _end(daemon: subprocess.Popen[bytes]) -> None:
    """End the engine, gently at first. Its process 1 is ended, not unshare, which waits until all in there has gone."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError, IndexError, subprocess.TimeoutExpired):  # it has ended, or does not yet
            os.kill(_child(daemon.pid), sign)
            daemon.wait(_END_SECONDS)
    daemon.kill()
    daemon.wait()


def _child(pid: int) -> int:
    """The first child of a process; IndexError where it has none (proc(5))."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0])


def _copy(names: Iterable[str], beside: str, endpoint: str) -> None:
    """Bring images from one engine to another one: save and load keep their IDs."""
    with subprocess.Popen(  # noqa: S603 - the docker command on PATH
        ["docker", "save", *names],  # noqa: S607 - as above
        env=_client(beside),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as save:
        load = subprocess.run(
            ["docker", "load"],  # noqa: S607 - as above
            env=_client(endpoint),
            stdin=save.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
        said = save.communicate()[1].decode(errors="replace")
    if save.returncode or load.returncode:
        raise ToolError(
            f"images were to be copied to an engine of its own, and docker says: {(said or load.stderr).strip()}",
            next="labrunner images list",
        )


def _empty(endpoint: str) -> None:
    """Remove all containers at once, each of which an engine that is ended gives ten seconds."""
    with suppress(ApiError, LabrunnerError):
        for container in Engine(endpoint).containers():
            Engine(endpoint).remove_container(container.id)


def _client(host: str) -> Mapping[str, str]:
    """The environment of what asks that engine, whatever other one is set."""
    others = {"DOCKER_CONTEXT", ENDPOINT}
    return {**{key: value for key, value in os.environ.items() if key not in others}, "DOCKER_HOST": host}
