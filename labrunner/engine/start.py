"""Start an installed Docker Engine that is stopped, where this user may."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from labrunner.engine.api import Api, ApiError, EngineUnreachable
from labrunner.model.errors import ToolError

SOCKET = "unix:///var/run/docker.sock"
LOG = Path("/var/log/labrunner-dockerd.log")
_START_SECONDS = 60.0


def start_docker() -> str | None:
    """Start Docker as root, by systemd where it rules, else as a process session of its own; its endpoint.

    None where no engine is installed or this user is not root.
    """
    dockerd = shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if dockerd is None or os.geteuid() != 0:
        return None
    if Path("/run/systemd/system").is_dir():
        done = subprocess.run(["systemctl", "start", "docker"], capture_output=True, text=True, check=False)  # noqa: S607
        if done.returncode:
            raise ToolError(
                f"docker was started by systemd, and it failed: {done.stderr.strip()}",
                next="journalctl -u docker",
            )
        daemon = None
    else:
        with LOG.open("ab") as log:
            daemon = subprocess.Popen(  # noqa: S603 - the engine found on PATH
                [dockerd], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
    if not await_engine(SOCKET, daemon):
        raise ToolError(
            f"an installed Docker Engine was started, and it does not answer; the end of its log: {last_line(LOG)}",
            next=f"tail {LOG}" if daemon is not None else "journalctl -u docker",
        )
    return SOCKET


def await_engine(host: str, daemon: subprocess.Popen[bytes] | None) -> bool:
    """Wait until an engine answers at ``host``; False where its process ends before that, or it takes a minute."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if daemon is not None and daemon.poll() is not None:
            return False
        try:
            Api(host, timeout=2).json("GET", "/version")
        except (EngineUnreachable, ApiError):
            time.sleep(0.1)  # the engine says by nothing but its answer that it is up
        else:
            return True
    return False


def last_line(log: Path) -> str:
    """The last line of an engine's log."""
    try:
        return log.read_text(errors="replace").strip().splitlines()[-1]
    except (OSError, IndexError):
        return "it is empty"
