"""A check that tries whether a folder builds takes nothing away from the learner, and leaves nothing behind."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.trial import why_build_fails

pytestmark = pytest.mark.engine

NAME = "labrunner-test/misspelled"


@pytest.fixture
def client(engine: Engine) -> Iterator[docker.DockerClient]:
    client = docker.DockerClient(base_url=engine.host)
    yield client
    client.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that builds, and that nobody has built before."""
    (tmp_path / "Dockerfile").write_text(f"FROM nginx\nRUN echo {secrets.token_hex(8)} >/new\nCOPY Dockerfile /\n")
    return tmp_path


def test_an_image_that_the_learner_built_stays_with_its_name_and_layers(
    client: docker.DockerClient, engine: Engine, folder: Path
) -> None:
    client.images.build(path=str(folder), tag=NAME, rm=True)
    try:
        before = client.api.images(quiet=True, all=True)
        assert why_build_fails(engine.host, folder) is None
        assert client.images.get(NAME).tags == [f"{NAME}:latest"]
        assert sorted(client.api.images(quiet=True, all=True)) == sorted(before)
    finally:
        client.images.remove(NAME)


def test_of_a_trial_nothing_is_left(client: docker.DockerClient, engine: Engine, folder: Path) -> None:
    before = client.api.images(quiet=True, all=True)
    assert why_build_fails(engine.host, folder) is None
    assert sorted(client.api.images(quiet=True, all=True)) == sorted(before)
