"""A scope before the real engine, a lab's client behind it, and strangers beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.ledger import Ledger
from labrunner.proxy.inventory import Inventory
from labrunner.proxy.start import start_scope

#: Seconds that one command of a client may take.
SECONDS = 120
PREFIX = "labrunner-test-"


@dataclass(frozen=True)
class Client:
    """The real docker command on one endpoint."""

    host: str
    program: str = "docker"
    buildkit: str = "0"

    def process(self, *arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        environ = {**os.environ, "DOCKER_HOST": self.host, "DOCKER_BUILDKIT": self.buildkit}
        return subprocess.run(
            [self.program, *arguments],
            input=b"" if given is None else given,
            capture_output=True,
            check=False,
            env=environ,
            timeout=SECONDS,
        )

    def __call__(self, *arguments: str, given: bytes | None = None) -> str:
        """What a command prints that must succeed."""
        done = self.process(*arguments, given=given)
        assert done.returncode == 0, (arguments, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout.decode().strip()

    def refused(self, *arguments: str, given: bytes | None = None) -> str:
        """What a command says that must fail."""
        done = self.process(*arguments, given=given)
        assert done.returncode != 0, (arguments, done.stdout)
        return done.stderr.decode() + done.stdout.decode()


@dataclass(frozen=True)
class State:
    """All that an engine holds, by ID and name, with what runs."""

    containers: frozenset[tuple[str, str, str]]
    images: Inventory
    volumes: frozenset[str]
    networks: frozenset[str]

    @classmethod
    def take(cls, engine: Engine) -> State:
        rows = engine.api.json("GET", "/containers/json", all="1")
        return cls(
            frozenset((row["Id"], row["Names"][0], row["State"]) for row in rows),
            Inventory.take(engine),
            engine.volumes(),
            frozenset(row["Id"] for row in engine.api.json("GET", "/networks")),
        )


@pytest.fixture
def ledger(engine: Engine, tmp_path: Path) -> Ledger:
    """A ledger of the test's own."""
    return Ledger(tmp_path / "ledger.jsonl", engine)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def scope(ledger: Ledger, home: Path, strangers: State) -> Iterator[str]:
    """The endpoint of the lab ``push``; what was made through it is swept at the end, before strangers look."""
    assert strangers.containers
    folder = Path(tempfile.mkdtemp(prefix="labrunner-test-"))
    try:
        with start_scope(ledger.engine.host, ledger.file, home, folder, ["push", "other"]) as started:
            yield started.host("push")
        assert list(folder.iterdir()) == []
        assert ledger.sweep() == ()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def lab(scope: str) -> Client:
    """The learner's client."""
    return Client(scope)


@pytest.fixture
def stranger(engine: Engine) -> Client:
    """Somebody else's client of the same engine."""
    return Client(engine.host)


@pytest.fixture(scope="module")
def neighbourhood(engine: Engine) -> Iterator[Callable[[], State]]:
    """``neighbourhood()`` has strangers on the engine, made anew where a test has failed to leave them alone."""
    client, made = Client(engine.host), list[State]()

    def there() -> State:
        if not made or State.take(engine) != made[-1]:
            clean(client)
            settle(client)
            made.append(State.take(engine))
        return made[-1]

    there()
    yield there
    clean(client)


@pytest.fixture
def strangers(neighbourhood: Callable[[], State], engine: Engine) -> Iterator[State]:
    """What others have on the engine; the same must be there when the test and the lab have ended."""
    state = neighbourhood()
    yield state
    assert State.take(engine) == state


def settle(client: Client) -> None:
    """One of each kind that a stranger may have, running, stopped, nameless and named twice."""
    base = ["--label", "labrunner.container=forged", "ubuntu"]
    client("container", "run", "--detach", "--name", f"{PREFIX}running", *base, "sleep", "3600")
    client("container", "run", "--detach", "--rm", "--name", f"{PREFIX}rm", *base, "sleep", "3600")
    client("container", "run", "--name", f"{PREFIX}stopped", "--volume", "/anonymous", *base, "true")
    client("volume", "create", f"{PREFIX}volume")
    client("network", "create", f"{PREFIX}network")
    for content in ("one", "two"):  # the second build leaves the first one's image without a name
        dockerfile = f"FROM ubuntu\nLABEL labrunner-test=1\nRUN echo {content} > /x\n"
        client("build", "-t", f"{PREFIX}image", "-", given=dockerfile.encode())
    client("tag", f"{PREFIX}image", f"{PREFIX}image:second")


def clean(client: Client) -> None:
    """Remove what tests made, by name."""
    found = client("container", "ls", "--all", "--quiet", "--filter", f"name={PREFIX}").split()
    if found:
        client("container", "rm", "--force", "--volumes", *found)
    for kind in ("volume", "network"):
        found = client(kind, "ls", "--quiet", "--filter", f"name={PREFIX}").split()
        if found:
            client(kind, "rm", *found)
    names = client("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
    for name in [name for name in names if PREFIX in name]:
        client("image", "rm", "--force", name)
    dangling = client("image", "ls", "--quiet", "--filter", "dangling=true", "--filter", "label=labrunner-test").split()
    if dangling:
        client.process("image", "rm", *dangling)
