"""What the database keeps is there again, and what it does not understand is refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from labrunner.daemon.database import Database
from labrunner.daemon.records import ContainerRecord, ImageRecord
from labrunner.daemon.shapes import Config, HostConfig, RestartPolicy
from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.storage.tasks import Layer

LAYER = Layer(diff_id="sha256:1", blob="sha256:2", media="tar", name="a", size=3)
IMAGE = ImageRecord(id="sha256:0", content='{"config": {}}', layers=(LAYER,))


def container(name: str) -> ContainerRecord:
    host = HostConfig(restart_policy=RestartPolicy(name="always"), memory=1 << 30)
    return ContainerRecord(
        id=name * 3, name=name, created=5, image="sha256:0", config=Config(cmd=["x"], env=["A=b"]), host=host
    )


def test_a_container_is_there_again_with_all_that_was_asked(tmp_path: Path) -> None:
    first = Database(tmp_path / "db")
    first.put_container(container("box"))
    first.put_container(container("bag"))
    first.remove_container("bagbagbag")
    first.close()
    assert Database(tmp_path / "db").containers() == [container("box")]


def test_an_image_loses_its_names_when_it_is_removed(tmp_path: Path) -> None:
    database = Database(tmp_path / "db")
    database.put_images([IMAGE], [("a:latest", IMAGE.id), ("b:latest", IMAGE.id)])
    database.remove_name("b:latest")
    assert database.images() == ([IMAGE], {"a:latest": IMAGE.id})
    database.remove_image(IMAGE.id)
    assert database.images() == ([], {})


def test_images_and_names_are_kept_together_or_not_at_all(tmp_path: Path) -> None:
    database = Database(tmp_path / "db")
    with pytest.raises(sqlite3.IntegrityError):
        database.put_images([IMAGE], [("a:latest", "sha256:missing")])
    assert database.images() == ([], {})


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "db")
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(RuntimeFailure, match="version 7, and this engine reads version 1 only"):
        Database(tmp_path / "db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("this is a letter" * 100)
    with pytest.raises(RuntimeFailure, match="cannot be used: file is not a database"):
        Database(tmp_path / "db")
