"""Two users of the namespace engine, each with a home of its own: root, and one who may do nothing special."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

#: A user ID that no account has, and no line of /etc/subuid.
ORDINARY = 54322
TREE = Path(__file__).parents[3]


@dataclass(frozen=True)
class User:
    """Somebody with a home, and a Python that knows labrunner."""

    home: Path
    become: tuple[str, ...]
    python: str
    limits: bool

    @property
    def environ(self) -> Mapping[str, str]:
        """What this user's shell has: no engine is named in it."""
        measured = os.environ if self.limits else {}  # an ordinary user cannot write what coverage finds
        return {
            **{name: value for name, value in measured.items() if name.startswith("COVERAGE_")},
            "HOME": str(self.home),
            "LABRUNNER_ENGINE_DATA": str(self.home / "data"),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TERM": "xterm",
        }

    def labrunner(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command, to its end."""
        return self.run(self.python, "-m", "labrunner", *words)

    def data(self, *words: str) -> dict[str, Any]:
        """What a command says in JSON."""
        done = self.labrunner(*words, "--json")
        assert done.stdout, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def docker(self, *words: str, content: bytes | None = None) -> str:
        """What the docker command prints that talks to this user's engine."""
        done = self.run("docker", *words, content=content, DOCKER_HOST=f"unix://{self.home}/data/engine.sock")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, *command: str, content: bytes | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
        """A command as this user."""
        done = subprocess.run(
            [*self.become, *command],
            cwd="/",
            env={**self.environ, **environ},
            input=content or b"",
            capture_output=True,
            check=False,
            timeout=200,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(params=["root", "ordinary"])
def user(request: pytest.FixtureRequest) -> Iterator[User]:
    """Each of them; the engine ends with the test, and leaves no mount, no control group and no process."""
    if os.geteuid() != 0:
        pytest.skip("only root can be both users")
    place = Path(tempfile.mkdtemp(prefix="lr-"))  # short: a socket's path has 107 bytes
    place.chmod(0o755)
    home = place / "home"
    home.mkdir()
    if request.param == "root":
        somebody = User(home, (), sys.executable, limits=True)
    else:
        os.chown(home, ORDINARY, ORDINARY)
        somebody = ordinary(place, home)
    yield somebody
    somebody.labrunner("engine", "stop")
    assert traces(place) == []
    shutil.rmtree(place)


def ordinary(place: Path, home: Path) -> User:
    """Root's Python may be in root's own home: then the system's is taken, if it can read what is installed."""
    # env, since setpriv itself may still read everything when it executes a program.
    become = ("setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups", "env")
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    for python in dict.fromkeys((sys.executable, "/usr/bin/python3")):
        own = place / "python"
        if subprocess.run([python, "-m", "venv", "--without-pip", "--clear", own], check=False).returncode == 0:
            (found,) = own.glob("lib/*/site-packages")
            (found / "tree.pth").write_text("\n".join([str(TREE), *libraries]) + "\n")
            user = User(home, become, str(own / "bin" / "python"), limits=False)
            if user.run(user.python, "-c", "import labrunner.daemon, aiohttp, msgspec").returncode == 0:
                return user
    pytest.skip(f"an ordinary user can read neither {sys.executable} with its libraries nor /usr/bin/python3 with them")


def traces(place: Path) -> list[str]:
    """Processes and mounts of an engine that was to be gone."""
    found = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(place) in line]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        if str(place) in words:
            found.append(words)
    return found
