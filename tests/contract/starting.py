"""How each engine of the suite is started in namespaces and a folder of its own, and how it ends."""

from __future__ import annotations

import contextlib
import http
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.contract import trixie
from tests.contract.image import NAME, root_file_system
from tests.contract.peer import COMMAND, PATIENCE, Connection, Peer

APART = ("unshare", "--net", "--mount", "--propagation", "private")
#: A user ID that no account has, and no line of /etc/subuid: an ordinary user with a single ID.
ORDINARY = 54321
TREE = Path(__file__).parents[2]


@contextlib.contextmanager
def engine(kind: str) -> Iterator[Peer]:
    """The engine of that name with the image of the contract; all that it made is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="lr-contract-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir()
        if rights(kind):
            os.chown(data, ORDINARY, ORDINARY)
        command, environ = COMMANDS[kind](data)
        with running(kind, command, environ, data) as peer:
            import_image(peer)
            yield peer


def docker_20(data: Path) -> tuple[list[str], Mapping[str, str]]:
    """This host's own dockerd."""
    need_root()
    if shutil.which("dockerd") is None:
        pytest.skip("dockerd is missing; type: apt-get install --no-install-recommends docker.io")
    return [*APART, "dockerd", *dockerd_places(data)], os.environ


def docker_26(data: Path) -> tuple[list[str], Mapping[str, str]]:
    """Debian trixie's dockerd in a root of its own."""
    need_root()
    return [*APART, *trixie.inside(data), "dockerd", *dockerd_places(data)], trixie.ENVIRON


def namespace_root(data: Path) -> tuple[list[str], Mapping[str, str]]:
    """The namespace engine as root."""
    need_root()
    return [sys.executable, *daemon(data)], {**os.environ, "LABRUNNER_NAMESPACE_MODE": "root"}


def namespace_single(data: Path) -> tuple[list[str], Mapping[str, str]]:
    """The namespace engine as an ordinary user with one user ID."""
    environ = {
        "HOME": str(data),
        "LABRUNNER_NAMESPACE_MODE": "single",
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join([str(TREE), *(path for path in sys.path if path.endswith("site-packages"))]),
    }
    for python in (sys.executable, "/usr/bin/python3"):
        trial = [python, "-c", "import labrunner.daemon, aiohttp, msgspec"]
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run(trial, env=environ, capture_output=True, check=True, cwd="/", **rights("namespace-single"))
            return [python, *daemon(data)], environ
    pytest.skip(f"an ordinary user can read neither {sys.executable} with its libraries nor /usr/bin/python3 with them")


def rights(kind: str) -> dict[str, Any]:
    """Who an engine is started as, in the words of subprocess; nothing where it is the tests' own user.

    Not by setpriv(1), which keeps root's rights until it has executed what only root may execute.
    """
    if kind != "namespace-single" or os.geteuid() != 0:
        return {}
    return {"user": ORDINARY, "group": ORDINARY, "extra_groups": []}


COMMANDS = {
    "docker-20.10": docker_20,
    "docker-26.1": docker_26,
    "namespace-root": namespace_root,
    "namespace-single": namespace_single,
}


def daemon(data: Path) -> list[str]:
    """The arguments of Python that start the namespace engine."""
    return ["-m", "labrunner.daemon", "--data", str(data), "--socket", str(data / "engine.sock")]


def dockerd_places(data: Path) -> list[str]:
    """All below one folder, and no network beside loopback."""
    return [
        f"--host=unix://{data}/engine.sock",
        f"--data-root={data}/data",
        f"--exec-root={data}/run",
        f"--pidfile={data}/pid",
        "--bridge=none",
        "--iptables=false",
    ]


@contextlib.contextmanager
def running(kind: str, command: Sequence[str], environ: Mapping[str, str], data: Path) -> Iterator[Peer]:
    """The engine's process, from its first answer on; at the end it is asked to end, and has to."""
    path, log = data / "engine.sock", data.parent / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, env=environ, cwd="/", stdout=written, stderr=written, stdin=subprocess.DEVNULL,
            start_new_session=True, **rights(kind),
        )  # fmt: skip
    try:
        client = connect(path, process, log)
        with contextlib.closing(client):
            yield Peer(kind, str(path), process.pid, client, data.parent)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def connect(path: Path, process: subprocess.Popen[bytes], log: Path) -> docker.DockerClient:
    """A client, once the engine answers."""
    deadline = time.monotonic() + PATIENCE
    while not answers(path):
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the engine does not answer; its log:\n{log.read_text()[-4000:]}", pytrace=False)
        time.sleep(0.05)  # nothing but its answer says that an engine is up
    return docker.DockerClient(base_url=f"unix://{path}", version="auto", timeout=int(PATIENCE))


def answers(path: Path) -> bool:
    """Whether the engine says that it is well."""
    with contextlib.suppress(OSError), contextlib.closing(Connection(str(path))) as connection:
        connection.request("GET", "/_ping")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def import_image(peer: Peer) -> None:
    """Give the engine the image ``contract``."""
    (peer.folder / "docker-config").mkdir()
    done = subprocess.run(
        [COMMAND, "import", "--change", "ENV PATH=/usr/bin", "--change", 'CMD ["sh"]', "-", NAME],
        input=root_file_system(),
        capture_output=True,
        check=False,
        env=peer.environ,
    )
    assert done.returncode == 0, done.stderr.decode()


def need_root() -> None:
    """Skip, visibly, where the tests are an ordinary user's."""
    if os.geteuid() != 0:
        pytest.skip("this engine needs root")
