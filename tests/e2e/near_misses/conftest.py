"""One learner who walks through all labs, and a new one after a test that failed; what they made goes with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from labrunner.engine.engine import Engine
from tests.e2e.conftest import lab_images
from tests.e2e.near_misses.belongings import Belongings
from tests.e2e.near_misses.learner import Learner
from tests.e2e.near_misses.solution import FROM, RUN

Newcomer = Callable[[], Learner]

#: What the labs, and these tests, name so. Where somebody has one, the tests would take it away.
CONTAINERS = ("nginx", "mongo", "mongodb", "registry", "labrunner-test-beside", "labrunner-test-stranger")
IMAGES = ("python-hello-world", "python-hallo-world", "wrong-order", "labrunner-test/flask")


#: A volume that is there while these tests run: where it is at their beginning, earlier ones were killed.
RUNNING = "labrunner-test-running"


@pytest.fixture(scope="session")
def _names(engine: Engine) -> Iterator[None]:
    """The names that the tests take are free; what killed tests have left is removed, a stranger's is a failure."""
    taken = [name for name in CONTAINERS if (found := engine.container(name)) is not None and found.name == name]
    images = [name for name in IMAGES if engine.image(name) is not None]
    if RUNNING in engine.volumes():
        for name in taken:
            engine.remove_container(name)
        for name in images:
            engine.remove_image(name)
    elif taken or images:
        somebody = ", ".join([*taken, *images])
        pytest.fail(f"somebody has {somebody} on this engine, which these tests would remove", pytrace=False)
    engine.api.json("POST", "/volumes/create", {"Name": RUNNING})
    yield
    engine.remove_volume(RUNNING)


@pytest.fixture(scope="session")
def newcomer(engine: Engine, _names: None, tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """``newcomer()`` is a learner with an empty home."""
    numbers = count(1)

    def come() -> Learner:
        folder = tmp_path_factory.mktemp(f"learner-{next(numbers)}-")
        notes = folder / "notes"
        notes.mkdir()
        return Learner(folder / "home", Belongings(engine, notes, frozenset(lab_images())))

    return come


@pytest.fixture(scope="session")
def _warm_cache(newcomer: Newcomer) -> Iterator[None]:
    """The layer with Flask, made once for all walks."""
    builder = newcomer()
    builder.home.mkdir()
    try:
        (builder.home / "Dockerfile").write_text(FROM + RUN)
        builder.types("docker build -t labrunner-test/flask .")
        yield
    finally:
        builder.goes()


class Walk:
    """The learner of the tests, which come in the order of the labs.

    A test says which step it comes to, and whatever this builds on and is not done yet is done then: so each test can
    be run alone, and one that fails takes no other one along.
    """

    def __init__(self, newcomer: Newcomer) -> None:
        self._newcomer = newcomer
        self._learner: Learner | None = None

    @property
    def learner(self) -> Learner:
        """The learner of the walk."""
        self._learner = self._learner or self._newcomer()
        return self._learner

    def ends(self) -> None:
        """The learner goes, with all that was made; the next test has a new one, who catches up."""
        if self._learner is not None:
            self._learner.goes()
        self._learner = None


@pytest.fixture(scope="session")
def walk(newcomer: Newcomer, _warm_cache: None) -> Iterator[Walk]:
    """The walk through all files' tests."""
    walk = Walk(newcomer)
    yield walk
    walk.ends()


@pytest.fixture
def learner(walk: Walk, request: pytest.FixtureRequest) -> Iterator[Learner]:
    """The walk's learner."""
    failed = request.session.testsfailed
    yield walk.learner
    if request.session.testsfailed > failed:
        walk.ends()
