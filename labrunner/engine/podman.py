"""Start Podman's Docker-compatible service, which Podman itself does not keep running.

The service is stateless: it works on the storage that the command ``podman`` works on. It is given two settings of its
own, and no file of the user's or the system's is written (docs/decisions/0006-podman.md).
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from labrunner.engine.ledger import default_ledger
from labrunner.engine.start import await_engine, last_line
from labrunner.model.errors import ToolError

#: Docker resolves short names at its hub only, and speaks plain HTTP to a registry on its own host at any port. A
#: location without a port covers all of them (containers-registries.conf(5)).
_REGISTRIES = """\
unqualified-search-registries = ["docker.io"]
short-name-mode = "permissive"

[[registry]]
location = "localhost"
insecure = true

[[registry]]
location = "127.0.0.1"
insecure = true
"""
#: The bit of CAP_SYS_RESOURCE in the sets of /proc/PID/status (capabilities(7)).
_SYS_RESOURCE = 1 << 24


def podman_sockets(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where Podman's service listens by default: this user's place, then the system's (podman-system-service(1))."""
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime, "podman/podman.sock")
    yield Path("/run/podman/podman.sock")


def start_podman(environ: Mapping[str, str] = os.environ) -> str | None:
    """Start the service in a process session of its own, for this user; its endpoint. None where Podman is missing."""
    podman = shutil.which("podman", path=environ.get("PATH"))
    if podman is None:
        return None
    socket = _own_socket(environ)
    state = default_ledger().parent
    log = state / "podman.log"
    try:
        state.mkdir(parents=True, exist_ok=True)
        socket.parent.mkdir(parents=True, exist_ok=True)
        socket.unlink(missing_ok=True)  # one that nobody answers at is what a dead service left
        settings = podman_settings(state, environ)
        output = log.open("wb")
    except OSError as error:
        raise ToolError(
            f"Podman's service was to be started, and {error.filename} cannot be written ({error.strerror})",
            next=f"podman system service -t 0 unix://{socket}",
        ) from error
    with output:
        service = subprocess.Popen(  # noqa: S603 - the engine found on PATH
            [podman, "system", "service", "-t", "0", f"unix://{socket}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**environ, **settings},
            start_new_session=True,
        )
    if not await_engine(f"unix://{socket}", service):
        raise ToolError(
            f"Podman's service was started, and it does not answer; the end of its log: {last_line(log)}",
            next=f"cat {log}",
        )
    return f"unix://{socket}"


def _own_socket(environ: Mapping[str, str]) -> Path:
    """The place of this user's service; an ordinary user's is in XDG_RUNTIME_DIR only."""
    if os.geteuid() == 0:
        return Path("/run/podman/podman.sock")
    runtime = environ.get("XDG_RUNTIME_DIR")
    if not runtime:
        raise ToolError(
            "Podman's service was to be started, and XDG_RUNTIME_DIR does not say where its socket may lie",
            next="export XDG_RUNTIME_DIR=$(mktemp -d)",
        )
    return Path(runtime, "podman/podman.sock")


def podman_settings(folder: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The variables that name the service's settings, whose files are written; those that the user set come first."""
    files = {"CONTAINERS_REGISTRIES_CONF": ("registries.conf", _REGISTRIES)}
    if os.geteuid() == 0 and not _may_raise_limits():
        files["CONTAINERS_CONF"] = ("containers.conf", _limited())
    for name, (file, content) in files.items():
        if name not in environ:
            (folder / file).write_text(content, encoding="utf-8")
    return {name: str(folder / file) for name, (file, _) in files.items() if name not in environ}


def _may_raise_limits() -> bool:
    """Whether this process may give a container higher limits than its own, which Podman does as root by default."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return True
    effective = next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), "0")
    return bool(int(effective, 16) & _SYS_RESOURCE)


def _limited() -> str:
    """A containers.conf(5) with limits that may be given, and with runc: crun refuses the cgroups of such hosts.

    This process's own limit of processes would not do: Podman lowers its own before it starts a container.
    """
    limits = {
        name: min(wanted, hard) if (hard := resource.getrlimit(kind)[1]) != resource.RLIM_INFINITY else wanted
        for name, kind, wanted in (("nofile", resource.RLIMIT_NOFILE, 4096), ("nproc", resource.RLIMIT_NPROC, 8192))
    }
    ulimits = ", ".join(f'"{name}={limit}:{limit}"' for name, limit in limits.items())
    runtime = '\n[engine]\nruntime = "runc"\n' if shutil.which("runc", path=f"{os.defpath}:/usr/sbin") else ""
    return f"[containers]\ndefault_ulimits = [{ulimits}]\n{runtime}"
