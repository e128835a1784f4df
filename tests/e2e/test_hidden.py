"""Engines that this host cannot look into: another PID namespace, an ordinary user, a remote engine.

That is how Docker Desktop, a remote engine and a member of the group docker look to labrunner.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from labrunner.engine.engine import Engine
from tests.measuring import unmeasured

pytestmark = pytest.mark.engine

NOBODY = "65534"


def run_lab(before: list[str], folder: Path, **variables: str) -> dict[str, dict[str, Any]]:
    """The steps of first-container by name, done by a labrunner that is started in another way."""
    kept = unmeasured({name: value for name, value in os.environ.items() if name != "DOCKER_HOST"})
    done = subprocess.run(
        [*before, sys.executable, "-m", "labrunner", "run", "first-container", "--offline", "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**kept, "HOME": str(folder), "XDG_STATE_HOME": str(folder), "TMPDIR": str(folder), **variables},
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {step["name"]: step for step in json.loads(done.stdout)["labs"][0]["steps"]}


def limits(steps: dict[str, dict[str, Any]]) -> dict[str, str]:
    """What the evidence of a step says that could not be seen."""
    found = {name: step["checks"][0]["evidence"].get("limited") for name, step in steps.items()}
    return {name: limited for name, limited in found.items() if limited}


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short path that any user may write to: sockets are made below it."""
    folder = Path("/tmp") / f"labrunner-test-{os.getpid()}"  # noqa: S108 - pytest's own folders are root's alone
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def test_labs_pass_where_the_engines_processes_are_hidden(engine: Engine, short: Path) -> None:
    """As in Docker Desktop: what cannot be seen is said, and the rest is judged."""
    assert engine.host
    steps = run_lab(["unshare", "--pid", "--fork", "--mount-proc"], short)
    assert {step["verdict"] for step in steps.values()} == {"passed"}
    assert set(limits(steps)) == {"host", "namespaces"}
    assert "does not see the engine's processes" in limits(steps)["host"]


def test_labs_pass_for_an_ordinary_user_of_the_group_docker(engine: Engine, short: Path) -> None:
    """Who may talk to the engine and read no process of root's. Its Python may lie in root's home, so it may read."""
    group = str(Path(engine.host.removeprefix("unix://")).stat().st_gid)
    user = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--groups", group]
    steps = run_lab([*user, "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"], short)
    assert {step["verdict"] for step in steps.values()} == {"passed"}


def test_labs_pass_on_an_engine_that_is_remote(engine: Engine, short: Path) -> None:
    """Over TCP, as DOCKER_HOST names it; streams pass the scope half-closed there too."""
    server = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_forward, args=(server, engine.host.removeprefix("unix://")))
    thread.start()
    try:
        steps = run_lab([], short, DOCKER_HOST=f"tcp://127.0.0.1:{server.getsockname()[1]}")
    finally:
        server.shutdown(socket.SHUT_RDWR)  # wakes the thread
        thread.join()
        server.close()
    assert {step["verdict"] for step in steps.values()} == {"passed"}


def _forward(server: socket.socket, path: str) -> None:
    """Pass each connection on to a unix socket, until the server is closed."""
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            threading.Thread(target=_serve, args=(client, path), daemon=True).start()


def _serve(client: socket.socket, path: str) -> None:
    with client, socket.socket(socket.AF_UNIX) as engine:
        engine.connect(path)
        up = threading.Thread(target=_copy, args=(client, engine))
        up.start()
        _copy(engine, client)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RD)  # the engine has said all
        up.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
