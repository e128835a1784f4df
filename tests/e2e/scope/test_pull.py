"""Pulls through the scope, from a real registry: those that change nothing pass, and no stranger's name is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.ledger import Ledger
from labrunner.proxy.inventory import Inventory
from tests.e2e.scope.conftest import PREFIX, Client, State
from tests.unit.processes import waited

pytestmark = pytest.mark.engine

REGISTRY = f"{PREFIX}registry"
USER, PASSWORD = "somebody", "measured"


@pytest.fixture
def reference(stranger: Client, strangers: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a stranger's image, which a registry has too."""
    assert strangers.images.names
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    passwords = tmp_path / "htpasswd"
    passwords.write_text(f"{USER}:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds=4)).decode()}\n")
    settings = {"AUTH": "htpasswd", "AUTH_HTPASSWD_REALM": "tests", "AUTH_HTPASSWD_PATH": "/htpasswd"}
    options = [word for name, value in settings.items() for word in ("--env", f"REGISTRY_{name}={value}")]
    options += ["--volume", f"{passwords}:/htpasswd:ro", "--publish", "127.0.0.1::5000", "--name", REGISTRY]
    stranger("container", "run", "--detach", *options, "registry:2")
    host = "localhost:" + stranger("container", "port", REGISTRY, "5000").rpartition(":")[2]
    name = f"{host}/{PREFIX}pulled:1"
    login = ["login", "--username", USER, "--password-stdin", host]
    try:
        assert waited(lambda: stranger.process(*login, given=PASSWORD.encode()).returncode == 0)
        stranger("tag", f"{PREFIX}image", name)
        stranger("push", name)
        yield name
    finally:
        stranger.process("image", "rm", name)
        stranger("container", "rm", "--force", "--volumes", REGISTRY)


def test_pull_of_what_is_there_passes(lab: Client, stranger: Client, reference: str, tmp_path: Path) -> None:
    """Also where the engine does not know the registry's digest, since the image came from an archive."""
    lab("pull", reference)
    archive = str(tmp_path / "image.tar")
    stranger("save", "--output", archive, reference)
    stranger("image", "rm", reference)
    stranger("load", "--input", archive)
    assert stranger("image", "inspect", "--format", "{{len .RepoDigests}}", reference) == "0"
    lab("pull", reference)


def test_pull_of_something_else_gives_a_strangers_name_back(
    lab: Client, stranger: Client, engine: Engine, ledger: Ledger, reference: str
) -> None:
    """It says so, and what it brought is the lab's."""
    before = Inventory.take(engine)
    stranger("build", "-t", reference, "-", given=b"FROM ubuntu\nLABEL labrunner-test=1\nRUN echo other > /x\n")
    other = Inventory.take(engine).names[reference]
    stranger("push", reference)
    stranger("image", "rm", reference)
    stranger("tag", before.names[reference], reference)
    assert f"{reference} names an image that was not made in this lab" in lab.refused("pull", reference)
    assert Inventory.take(engine).names[reference] == before.names[reference]
    assert other in {made.name for made in ledger.made()}
