"""JupyterLab as a learner starts it, in a home of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS = 60.0
_END_SECONDS = 20.0
_POLL_SECONDS = 0.1
#: It asks nobody but this host: no news, no newer version, no list of extensions.
_QUIET = [
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]


@dataclass(frozen=True)
class JupyterLab:
    """A server that runs: its address with a slash at the end, its token, the learner's own home, and its log."""

    url: str
    token: str
    user: Path
    log: Path

    @property
    def page(self) -> str:
        """The address that logs a browser in."""
        return f"{self.url}lab?token={self.token}"


def environ_of(user: Path, more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, for a user who has nothing of Jupyter's and labrunner's yet."""
    own = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    folders = {f"JUPYTER_{name}_DIR": str(user / ".jupyter" / folder) for name, folder in own.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "LABRUNNER"))}
    return {**kept, **folders, "HOME": str(user), "IPYTHONDIR": str(user / ".ipython"), **more}


@contextmanager
def jupyterlab(python: Path, user: Path, more: Mapping[str, str]) -> Iterator[JupyterLab]:
    """JupyterLab of that Python, started in the user's home; ``more`` is added to its environment."""
    environ = environ_of(user, more)
    log = user.with_suffix(".log")
    command = [str(python), "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", *_QUIET]
    with log.open("wb") as complaints:
        server = subprocess.Popen(command, cwd=user, env=environ, stdout=complaints, stderr=complaints)
    try:
        info = _info(Path(environ["JUPYTER_RUNTIME_DIR"]) / f"jpserver-{server.pid}.json", server, log)
        yield JupyterLab(str(info["url"]), str(info["token"]), user, log)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(_END_SECONDS)
        labrunner = [str(python), "-P", "-m", "labrunner", "reset", "--all"]
        subprocess.run(labrunner, env=environ, capture_output=True, check=False)


def _info(file: Path, server: subprocess.Popen[bytes], log: Path) -> Mapping[str, object]:
    """What the server writes down of itself once it listens."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            found: Mapping[str, object] = json.loads(file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            time.sleep(_POLL_SECONDS)  # nothing but this file says that it listens
        else:
            return found
    raise AssertionError(log.read_text(encoding="utf-8"))
