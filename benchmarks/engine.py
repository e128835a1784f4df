"""What the namespace engine costs: the same work on it, on Docker, and on runc and bwrap, in turn, in one run.

``python benchmarks/engine.py [ROUNDS]`` needs a running Docker with the image python:3.6.1-alpine; runc and bwrap where
they are there. LABRUNNER_NAMESPACE_MODE chooses the way to run, as for the engine.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from labrunner.engine.api import Api
from labrunner.engine.find import find_engine

BASE = "python:3.6.1-alpine"
IMAGE = "labrunner-test-bench"
IDLE = 0.5
CONTAINERS = 10
LIVES = 20
Work = Callable[[], object]


def seconds(work: Work) -> float:
    """How long one piece of work takes, on the wall clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turn(works: dict[str, Work], times: int, idle: float = 0.0) -> dict[str, float]:
    """Medians in milliseconds; one after the other, so that a busy host slows all. Each is done once before."""
    for work in works.values():
        work()
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(times):
        for name, work in works.items():
            time.sleep(idle)  # the idleness whose cost is measured
            taken[name].append(seconds(work))
    return {name: statistics.median(each) * 1000 for name, each in taken.items()}


def show(says: str, figures: dict[str, float], asked: str, ours: str = "ours") -> None:
    """One line: the figures, and each other's ratio to ours."""
    told = "   ".join(f"{name} {value:8.2f} ms" for name, value in figures.items())
    ratios = ", ".join(f"{figures[ours] / value:.2f} of {name}" for name, value in figures.items() if name != ours)
    print(f"{says:26} {told}   {ratios} (asked: {asked})")


def life(host: str) -> None:
    """create, start, wait and remove of ``true`` without a network, over the API."""
    api = Api(host)
    wish = {"Image": IMAGE, "Cmd": ["true"], "HostConfig": {"NetworkMode": "none"}}
    made = api.json("POST", "/containers/create", wish)["Id"]
    api.bytes("POST", f"/containers/{made}/start")
    api.bytes("POST", f"/containers/{made}/wait")
    api.bytes("DELETE", f"/containers/{made}")


def docker(host: str, *arguments: str) -> bytes:
    """One command of the real client."""
    command = shutil.which("docker") or "docker"
    environ = {**os.environ, "DOCKER_HOST": host}
    return subprocess.run([command, *arguments], check=True, capture_output=True, env=environ).stdout


def run(*command: str) -> Work:
    """A command without output."""
    return lambda: subprocess.run(command, check=True, capture_output=True)


@contextlib.contextmanager
def our_engine(folder: Path) -> Iterator[str]:
    """The namespace engine with its data in the folder, until the end; its host."""
    path = folder / "engine.sock"
    command = [sys.executable, "-m", "labrunner.daemon", "--data", str(folder / "data"), "--socket", str(path)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not path.exists():
                if process.poll() is not None:
                    sys.exit(f"the namespace engine ended with {process.returncode}")
                time.sleep(0.05)  # nothing but its socket says that it is up
            yield f"unix://{path}"
        finally:
            process.terminate()


def bundle(folder: Path, host: str) -> Path:
    """A root file system of the image with runc's own configuration, which runs ``true``."""
    root = folder / "rootfs"
    root.mkdir(parents=True)
    made = docker(host, "create", IMAGE, "true").decode().strip()
    exported = subprocess.Popen(
        ["docker", "export", made], stdout=subprocess.PIPE, env={**os.environ, "DOCKER_HOST": host}
    )
    subprocess.run(["tar", "-x", "-C", str(root)], stdin=exported.stdout, check=True)
    exported.wait()
    docker(host, "rm", made)
    if shutil.which("runc"):
        subprocess.run(["runc", "spec"], cwd=folder, check=True)
        file = folder / "config.json"
        config = json.loads(file.read_text())
        config["process"] |= {"args": ["true"], "terminal": False}
        file.write_text(json.dumps(config))
    return folder


def starts(ours: str, theirs: str, place: Path, rounds: int) -> None:
    """A short container, back to back and after a pause, which is how a learner meets it."""
    works: dict[str, Work] = {"ours": lambda: life(ours), "Docker": lambda: life(theirs)}
    if shutil.which("runc") and os.geteuid() == 0:
        works["runc"] = run("runc", "run", "--bundle", str(place), "labrunner-bench")
    if shutil.which("bwrap"):
        root = str(place / "rootfs")
        apart = ("--unshare-all", "--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev")
        works["bwrap"] = run("bwrap", *apart, "true")
    show("true, back to back", in_turn(works, LIVES * rounds), "at most 12 ms")
    show(f"true, after {IDLE} s idle", in_turn(works, 4 * rounds, IDLE), "at most 20 ms")
    command = ("run", "--rm", "--network", "none", IMAGE, "true")
    clients: dict[str, Work] = {
        "ours": lambda: docker(ours, *command),
        "Docker": lambda: docker(theirs, *command),
    }
    show("docker run --rm true", in_turn(clients, 5 * rounds), "at most 0.35 of Docker")


def loads(ours: str, theirs: str, archive: Path, rounds: int) -> None:
    """``docker load`` of one layer; the image is removed before each."""

    def load(host: str) -> Work:
        def work() -> None:
            docker(host, "load", "--quiet", "--input", str(archive))

        return work

    taken: dict[str, list[float]] = {"ours": [], "Docker": []}
    for _ in range(rounds):
        for name, host in (("ours", ours), ("Docker", theirs)):
            docker(host, "rmi", IMAGE)
            taken[name].append(seconds(load(host)))
    figures = {name: statistics.median(each) * 1000 for name, each in taken.items()}
    show(f"load of {archive.stat().st_size >> 20} MiB", figures, "at most 0.50 of Docker")


def pss(pids: list[int]) -> float:
    """Proportional set size in MB, added up (proc(5), smaps_rollup)."""
    total = 0
    for pid in pids:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += int(next(row for row in rows if row.startswith("Pss:")).split()[1])
    return total / 1000


def with_argument(word: str) -> list[int]:
    """The processes with that word on their command line: the engine's, which its containers' are not."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if word.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def of_docker(host: str) -> list[int]:
    """The process that serves a socket, and its children: dockerd and containerd."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(host.removeprefix("unix://"))
        pid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    told = Path(f"/proc/{pid}/task")
    children = [int(child) for task in told.iterdir() for child in (task / "children").read_text().split()]
    return [pid, *children]


def memory(ours: str, theirs: str, data: Path) -> None:
    """All resident processes of an engine, idle, and what each running container adds."""
    idle = pss(with_argument(str(data)))
    docker_idle = pss(of_docker(theirs)) if os.geteuid() == 0 else float("nan")
    made = [
        docker(ours, "run", "--detach", "--network", "none", IMAGE, "sleep", "600").decode().strip()
        for _ in range(CONTAINERS)
    ]
    each = (pss(with_argument(str(data))) - idle) / CONTAINERS
    docker(ours, "rm", "--force", *made)
    print(
        f"{'PSS':26} idle {idle:6.1f} MB (asked: at most 80), dockerd and containerd {docker_idle:6.1f} MB;"
        f" each container {each:5.2f} MB (asked: at most 3)"
    )


def main(rounds: int) -> None:
    """Measure all, and remove what was made."""
    theirs = find_engine("docker").endpoint
    with tempfile.TemporaryDirectory(prefix="lr-bench-") as place, contextlib.ExitStack() as made:
        folder = Path(place)
        archive = folder / "image.tar"
        first = docker(theirs, "create", BASE).decode().strip()
        docker(theirs, "export", "--output", str(archive), first)
        docker(theirs, "rm", first)
        docker(theirs, "import", str(archive), IMAGE)  # one layer, and no other image's
        made.callback(docker, theirs, "rmi", "--force", IMAGE)
        docker(theirs, "save", "--output", str(archive), IMAGE)
        ours = made.enter_context(our_engine(folder))
        docker(ours, "load", "--quiet", "--input", str(archive))
        info = Api(ours).json("GET", "/info")
        way = os.environ.get("LABRUNNER_NAMESPACE_MODE") or ("root" if os.geteuid() == 0 else "an ordinary user")
        print(f"way to run: {way}   cgroup version: {info['CgroupVersion']}   limits of memory: {info['MemoryLimit']}")
        memory(ours, theirs, folder / "data")
        starts(ours, theirs, bundle(folder / "bundle", theirs), rounds)
        loads(ours, theirs, archive, rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
