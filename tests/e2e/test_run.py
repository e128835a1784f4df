"""``labrunner run`` on a real engine: all labs pass, nothing is left, nothing of others is gone, and it goes on."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from labrunner.engine.engine import Engine
from labrunner.proxy.inventory import Inventory

pytestmark = pytest.mark.engine

LABS = ["first-container", "nginx-and-mongo", "build-flask-image", "push", "deploy-change", "clean-up"]
SECONDS = 240


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a ledger of its own."""
    return {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "NO_COLOR": "1"}


@pytest.fixture
def untouched(engine: Engine) -> Iterator[None]:
    """The engine holds the same containers, images, references and volumes after the test as before it."""
    before = holds(engine)
    yield
    assert holds(engine) == before


def holds(engine: Engine) -> tuple[frozenset[str], Inventory, frozenset[str]]:
    """Container IDs, images with their names, intermediate ones too, and volumes."""
    containers = frozenset(row["Id"] for row in engine.api.json("GET", "/containers/json", all="1"))
    return containers, Inventory.take(engine), engine.volumes()


def labrunner(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labrunner", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environ, timeout=SECONDS, stdin=subprocess.DEVNULL
    )


def report(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one JSON object on standard output."""
    data = json.loads(done.stdout)
    assert isinstance(data, dict)
    return data


def stop_when(process: subprocess.Popen[str], words: str, number: signal.Signals) -> str:
    """Send a signal to a run as soon as it has said some words; all that it said."""
    said = ""
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            if words in line:
                process.send_signal(number)
    return said


def started(environ: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "labrunner", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ, stdin=subprocess.DEVNULL
    )


@pytest.mark.usefixtures("untouched")
def test_all_labs_pass_and_leave_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    """Every step of six labs is PASSED, the password is nowhere, and after the clean-up all labs are green."""
    home = tmp_path / "home"
    done = labrunner(environ, "run", "--all", "--offline", "--json", "--home", str(home))
    data = report(done)
    assert done.returncode == 0, done.stdout
    assert [lab["lab"] for lab in data["labs"]] == LABS
    steps = [step for lab in data["labs"] for step in lab["steps"]]
    assert {step["verdict"] for step in steps} == {"passed"}
    assert all(check["evidence"] for step in steps for check in step["checks"])

    password = (home / "push" / "password.txt").read_text().strip()
    secret = [password.encode(), base64.b64encode(f"student:{password}".encode())]
    kept = [home / "journal.jsonl", *(home / "transcripts").rglob("*.txt")]
    for text in [done.stdout.encode(), done.stderr.encode(), *(file.read_bytes() for file in kept)]:
        assert not any(word in text for word in secret)
    assert (home / "transcripts" / "push" / "login.main.txt").read_text().count("Login Succeeded") == 1

    for lab in LABS:
        judged = report(labrunner(environ, "check", lab, "--home", str(home), "--json"))
        found = {(step["verdict"], step["state"]) for step in judged["labs"][0]["steps"]}
        assert found <= {("passed", "holds"), ("passed", "ended")}, (lab, judged)


@pytest.mark.usefixtures("untouched")
def test_taken_ports_are_replaced_and_the_text_follows(environ: dict[str, str], tmp_path: Path) -> None:
    """Ports that others listen on are not taken from them; the lab runs on the next free ones and says so."""
    home = tmp_path / "home"
    with socket.create_server(("", 8080)), socket.create_server(("", 8081)):
        done = labrunner(environ, "run", "nginx-and-mongo", "--offline", "--json", "--home", str(home))
        assert done.returncode == 0, done.stdout
    shown = labrunner(environ, "show", "nginx-and-mongo/nginx", "--home", str(home)).stdout
    assert "--publish 8082:80" in shown
    assert "8080" not in shown


@pytest.mark.usefixtures("untouched")
def test_run_brings_about_what_a_lab_needs(environ: dict[str, str]) -> None:
    """The labs that a lab needs are run before it."""
    done = labrunner(environ, "run", "push", "--offline", "--json")
    assert [lab["lab"] for lab in report(done)["labs"]] == ["build-flask-image", "push"]
    assert done.returncode == 0


@pytest.mark.usefixtures("untouched")
def test_strangers_things_survive_the_prune(environ: dict[str, str], engine: Engine) -> None:
    """A stopped container, a running one and a volume of somebody else are there after the labs' prunes."""
    docker("volume", "create", "stranger-volume")
    docker("container", "run", "--name", "stranger-stopped", "ubuntu", "true")
    docker("container", "run", "--detach", "--name", "stranger-running", "ubuntu", "sleep", "600")
    try:
        done = labrunner(environ, "run", "first-container", "nginx-and-mongo", "--offline", "--json")
        assert done.returncode == 0, done.stdout
        running = engine.container("stranger-running")
        assert running is not None
        assert running.running
        assert engine.container("stranger-stopped") is not None
        assert "stranger-volume" in engine.volumes()
    finally:
        docker("container", "rm", "--force", "stranger-stopped", "stranger-running")
        docker("volume", "rm", "stranger-volume")


@pytest.mark.usefixtures("untouched")
def test_strangers_name_is_errored_with_the_way_out(environ: dict[str, str]) -> None:
    """A container that has the lab's name and that no run made is named, with the command that lifts it."""
    docker("container", "create", "--name", "nginx", "ubuntu", "true")
    try:
        done = labrunner(environ, "run", "nginx-and-mongo", "--offline", "--json")
        assert done.returncode == 3
        error = report(done)["error"]
        assert "a container named nginx" in error["says"]
        assert "docker container rename nginx" in error["next"]
    finally:
        docker("container", "rm", "nginx")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("words", ["first-container: Your", "step2 nginx:", "step1 archive:", "step2 build:"])
def test_interrupted_run_leaves_nothing(environ: dict[str, str], words: str) -> None:
    """Ctrl-C at any moment ends in one sentence, and what was made is removed."""
    process = started(environ, "run", "--all", "--offline")
    said = stop_when(process, words, signal.SIGINT)
    assert process.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said


@pytest.mark.usefixtures("untouched")
def test_killed_run_is_cleared_away_by_the_next(environ: dict[str, str]) -> None:
    """What a run that was killed has left is removed by the next one first, which then passes."""
    process = started(environ, "run", "nginx-and-mongo", "--offline")
    stop_when(process, "step3 mongo:", signal.SIGKILL)
    done = labrunner(environ, "run", "nginx-and-mongo", "--offline", "--json")
    assert done.returncode == 0, done.stdout
    assert any("an earlier run had left" in note for note in report(done)["notes"])


@pytest.mark.usefixtures("untouched")
def test_second_run_at_once_is_refused(environ: dict[str, str]) -> None:
    """Two runs of one user would take each other's things for leftovers."""
    process = started(environ, "run", "nginx-and-mongo", "--offline")
    assert process.stdout is not None
    while "step1 images" not in process.stdout.readline():
        pass
    done = labrunner(environ, "run", "first-container", "--offline", "--json")
    assert done.returncode == 3
    assert "another one of yours is going on" in report(done)["error"]["says"]
    process.communicate(timeout=SECONDS)
    assert process.returncode == 0


@pytest.mark.usefixtures("untouched")
def test_engine_that_goes_away_midway_is_errored(environ: dict[str, str], engine: Engine, tmp_path: Path) -> None:
    """The steps that the engine was there for keep their verdicts, the others are ERRORED, and the exit code is 3."""
    relay = Relay(tmp_path / "engine.sock", engine.host.removeprefix("unix://"))
    with relay:
        said = ""
        with started({**environ, "DOCKER_HOST": relay.host}, "run", "nginx-and-mongo", "--offline") as process:
            assert process.stdout is not None
            for line in process.stdout:
                said += line
                if "step3 mongo:" in line:
                    relay.close()
    assert process.returncode == 3
    assert "PASSED    step2 nginx" in said
    assert "ERRORED" in said
    assert "does not answer" in said
    assert "Traceback" not in said
    with Relay(tmp_path / "engine.sock", engine.host.removeprefix("unix://")) as again:
        done = labrunner({**environ, "DOCKER_HOST": again.host}, "run", "nginx-and-mongo", "--offline", "--json")
    assert done.returncode == 0, done.stdout


class Relay:
    """A socket that passes everything on to an engine until it is closed: an engine that can go away."""

    def __init__(self, path: Path, target: str) -> None:
        self.path, self.target = path, target
        self.host = f"unix://{path}"

    def __enter__(self) -> Self:
        code = (
            "import socket, sys, threading\n"
            "def pump(a, b):\n"
            "    try:\n"
            "        while data := a.recv(65536): b.sendall(data)\n"
            "        b.shutdown(socket.SHUT_WR)\n"
            "    except OSError: pass\n"
            "server = socket.socket(socket.AF_UNIX); server.bind(sys.argv[1]); server.listen(64)\n"
            "while True:\n"
            "    near, _ = server.accept()\n"
            "    far = socket.socket(socket.AF_UNIX); far.connect(sys.argv[2])\n"
            "    for pair in ((near, far), (far, near)):\n"
            "        threading.Thread(target=pump, args=pair, daemon=True).start()\n"
        )
        self.process = subprocess.Popen([sys.executable, "-c", code, str(self.path), self.target])
        deadline = time.monotonic() + 10
        while not self.path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)  # the socket's file is the only sign
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.path.unlink(missing_ok=True)


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.usefixtures("engine")
def test_labs_pass_with_buildkit(environ: dict[str, str]) -> None:
    """With BuildKit for every build all labs pass twice: the second time over the cache that the first one left."""
    chosen = {**environ, "DOCKER_BUILDKIT": "1", "PATH": f"/usr/bin:{environ['PATH']}"}
    for _ in range(2):
        done = labrunner(chosen, "run", "--all", "--offline", "--json")
        assert done.returncode == 0, done.stdout


def test_inventory_is_comparable(engine: Engine) -> None:
    """What the other tests compare is not empty: the labs' images are on the engine."""
    assert "nginx:latest" in Inventory.take(engine).names
