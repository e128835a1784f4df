"""All figures of the issues, each as a ratio against its peer in the same run; exit code 0 whatever they are.

``python benchmarks/run_all.py [ROUNDS]`` needs a running engine with the labs' images.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import bcrypt

HERE = Path(__file__).resolve().parent
LABRUNNER = [sys.executable, "-m", "labrunner"]
CHECK_ROUNDS = 21


def seconds(work: Callable[[], None]) -> float:
    """How long one piece of work takes, on the wall clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def quietly(*command: str) -> None:
    """Run a command that must succeed; its output is shown only if it does not."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def plain_script(*first: str) -> None:
    """The labs as plain docker commands, or from the ``first`` on; the password is made outside of what is timed."""
    with tempfile.TemporaryDirectory() as folder:
        password = b"measured"
        Path(folder, "auth").mkdir()
        Path(folder, "password.txt").write_bytes(password + b"\n")
        hashed = bcrypt.hashpw(password, bcrypt.gensalt(rounds=8)).decode()
        Path(folder, "auth", "htpasswd").write_text(f"student:{hashed}\n")
        quietly(str(HERE / "labs.sh"), folder, *first)


def run_against_script(rounds: int) -> None:
    """``run --all`` beside the script, in turn, both with the images there and no build cache of their own."""
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(seconds(plain_script))
        ours.append(seconds(lambda: quietly(*LABRUNNER, "run", "--all", "--offline")))
    ratio = statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
    print(
        f"run --all           {statistics.median(ours):6.2f} s   plain docker script {statistics.median(theirs):6.2f} s"
        f"   ratio {ratio:.2f} (at most 1.30)"
    )


def goto_against_script(rounds: int) -> None:
    """``goto`` of the last step from an empty home beside the script of the labs that it does, in turn."""
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(seconds(lambda: plain_script("build-flask-image")))
        with tempfile.TemporaryDirectory() as home:
            goto = partial(quietly, *LABRUNNER, "goto", "clean-up/prune", "--offline", "--home", home)
            ours.append(seconds(goto))
            quietly(*LABRUNNER, "reset", "--all", "--home", home)
    ratio = statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
    print(
        f"goto the last step  {statistics.median(ours):6.2f} s   plain docker script {statistics.median(theirs):6.2f} s"
        f"   ratio {ratio:.2f} (at most 1.20)"
    )


def check_of_a_done_step() -> None:
    """``check`` of a step with an HTTP answer and container identity, the engine warm; and ``--help``."""
    with tempfile.TemporaryDirectory() as home:
        start = [*LABRUNNER, "start", "nginx-and-mongo", "--home", home, "--json"]
        begun = subprocess.run(start, capture_output=True, text=True, check=True)
        port = json.loads(begun.stdout)["variables"]["web_port"]
        quietly("docker", "container", "run", "--detach", "--publish", f"{port}:80", "--name", "nginx", "nginx")
        try:
            check = [*LABRUNNER, "check", "nginx", "--home", home]
            times = [seconds(lambda: quietly(*check)) for _ in range(CHECK_ROUNDS)]
        finally:
            quietly("docker", "container", "rm", "--force", "nginx")
    bare = [seconds(lambda: quietly(sys.executable, "-c", "import pytest")) for _ in range(CHECK_ROUNDS)]
    print(
        f"check of a done step {statistics.median(times) * 1000:4.0f} ms (at most 300)"
        f"   beside python -c 'import pytest' {statistics.median(bare) * 1000:4.0f} ms"
    )
    helped = [seconds(lambda: quietly(*LABRUNNER, "--help")) for _ in range(CHECK_ROUNDS)]
    started = [seconds(lambda: quietly(sys.executable, "-c", "pass")) for _ in range(CHECK_ROUNDS)]
    print(
        f"labrunner --help     {statistics.median(helped) * 1000:4.0f} ms (at most 100)"
        f"   beside python -c pass {statistics.median(started) * 1000:4.0f} ms"
    )


def scope_against_engine(rounds: int) -> None:
    """What the scope adds to a call, to a build's context and to ``exec -i``; it prints its own lines."""
    sys.stdout.flush()
    subprocess.run([sys.executable, str(HERE / "scope.py"), str(rounds)], check=True)


def notebooks_against_run(rounds: int) -> None:
    """What notebooks cost beside the command line; it prints its own lines."""
    sys.stdout.flush()
    subprocess.run([sys.executable, str(HERE / "notebooks.py"), str(rounds)], check=True)


def site_against_sphinx(rounds: int) -> None:
    """What the site costs beside a bare ``sphinx-build``; it prints its own line."""
    sys.stdout.flush()
    subprocess.run([sys.executable, str(HERE / "site.py"), str(rounds)], check=True)


def engine_against_docker(rounds: int) -> None:
    """What the namespace engine costs beside Docker, runc and bwrap; it prints its own lines."""
    sys.stdout.flush()
    subprocess.run([sys.executable, str(HERE / "engine.py"), str(rounds)], check=True)


def main(rounds: int) -> None:
    """One after the other, since each takes the whole host."""
    check_of_a_done_step()
    run_against_script(rounds)
    goto_against_script(rounds)
    scope_against_engine(rounds)
    notebooks_against_run(rounds)
    site_against_sphinx(rounds)
    engine_against_docker(rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
