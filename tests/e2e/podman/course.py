"""The commands that these tests type."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_SECONDS = 200


def labrunner(*arguments: str, given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run labrunner, whatever engine this host's DOCKER_HOST names, with ``given`` on its standard input."""
    return _done([sys.executable, "-m", "labrunner", *arguments], variables, given)


def client(command: str, host: str) -> str:
    """What a command of a client prints that works on the engine at ``host``; it has to succeed."""
    done = _done(command.split(), {"DOCKER_HOST": host, "CONTAINER_HOST": host})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def without_docker(folder: Path) -> str:
    """A PATH with Podman, what it needs, and no docker command: a new folder of links."""
    folder.mkdir()
    for name in ("bash", "cat", "conmon", "env", "podman", "ps", "runc", "sh"):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return str(folder)


def _done(command: list[str], variables: dict[str, str], given: str = "") -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**environ, **variables},
        timeout=_SECONDS,
        input=given,
    )
