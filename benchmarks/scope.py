"""What the scope costs: the same calls to the engine directly and through a scope, in turn, in one run.

``python benchmarks/scope.py [ROUNDS]`` needs a running engine with the labs' images.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from labrunner.engine.api import Api
from labrunner.engine.engine import Engine
from labrunner.engine.find import find_engine
from labrunner.engine.ledger import Ledger
from labrunner.proxy.start import start_scope

NAME = "labrunner-test-bench"
MEBI = 1 << 20
CALLS = 200
CREATES = 40


@dataclass(frozen=True)
class Figure:
    """One thing that is measured: the work on an endpoint, how often a round does it, and what may be added."""

    says: str
    work: Callable[[str], None]
    times: int
    most: str


def ping(host: str) -> None:
    """A call of nothing on a new connection, as a client's first one."""
    Api(host).bytes("GET", "/_ping")


def create(host: str) -> None:
    """A container that is never started."""
    Api(host).json("POST", "/containers/create", {"Image": "ubuntu", "Cmd": ["true"], "Labels": {NAME: "1"}})


def build(folder: str) -> Callable[[str], None]:
    """The classic builder with a context of 100 MB of which it uses nothing."""
    return lambda host: docker(host, "build", "--quiet", "--tag", tag(host), folder)


def tag(host: str) -> str:
    """One name for each endpoint: the scope does not take a name that was given past it."""
    return f"{NAME}:{Path(host).stem}"


def through_exec(given: Path) -> Callable[[str], None]:
    """100 MB into ``exec -i``, which counts them."""

    def work(host: str) -> None:
        with given.open("rb") as content:
            docker(host, "exec", "-i", NAME, "wc", "-c", stdin=content.fileno())

    return work


def docker(host: str, *arguments: str, stdin: int = subprocess.DEVNULL) -> None:
    """One command of the real client."""
    environ = {**os.environ, "DOCKER_HOST": host, "DOCKER_BUILDKIT": "0"}
    subprocess.run(["docker", *arguments], check=True, capture_output=True, env=environ, stdin=stdin)


def seconds(work: Callable[[str], None], host: str) -> float:
    """How long one piece of work takes, on the wall clock."""
    began = time.perf_counter()
    work(host)
    return time.perf_counter() - began


def compare(figure: Figure, direct: str, scoped: str, rounds: int) -> None:
    """Both endpoints in turn, so that a busy host slows both."""
    pairs = [(seconds(figure.work, direct), seconds(figure.work, scoped)) for _ in range(figure.times * rounds)]
    near, far = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"{figure.says:24} direct {near * 1000:8.2f} ms   scope {far * 1000:8.2f} ms"
        f"   added {(far - near) * 1000:7.2f} ms   ratio {far / near:5.3f} (at most {figure.most})"
    )


def main(rounds: int) -> None:
    """Measure all, and remove what was made."""
    direct = find_engine("auto").endpoint
    with tempfile.TemporaryDirectory(prefix="lr-") as place:
        folder = Path(place)
        context = folder / "context"
        context.mkdir()
        (context / "Dockerfile").write_text("FROM scratch\nLABEL measured=1\n")
        much = context / "much"
        much.write_bytes(os.urandom(MEBI) * 100)
        ledger = Ledger(folder / "ledger.jsonl", Engine(direct))
        figures = (
            Figure("_ping", ping, CALLS, "1 ms added"),
            Figure("create", create, CREATES, "1.5 ms added"),
            Figure("build context, 100 MB", build(str(context)), 5, "1.05"),
            Figure("exec -i, 100 MB", through_exec(much), 5, "1.08"),
        )
        with start_scope(direct, ledger.file, folder / "home", folder, ["bench"]) as scope:
            scoped = scope.host("bench")
            docker(direct, "run", "--detach", "--name", NAME, "ubuntu", "sleep", "600")
            docker(direct, "build", "--quiet", "--tag", tag(direct), str(context))  # the first one fills caches
            try:
                for figure in figures:
                    compare(figure, direct, scoped, rounds)
            finally:
                ledger.sweep()  # first, since what the scope built stands on what was built past it
                _clean(direct)


def _clean(host: str) -> None:
    engine = Engine(host)
    rows = engine.api.json("GET", "/containers/json", all="1", filters={"label": [NAME]})
    for name in [NAME, *(row["Id"] for row in rows)]:
        engine.remove_container(name)
    engine.remove_image(tag(host))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
