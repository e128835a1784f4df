"""What nobody names is removed: all of it, at any depth, and never by way of a link or into a mount."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labrunner.runtime import images, syscalls
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.storage import tasks
from labrunner.runtime.storage.work import TASKS, do
from tests.engine.storage.store import Store, as_root, digest, member, tar
from tests.engine.storage.test_commit import apart

pytestmark = as_root


def remove(store: Store, *paths: str) -> None:
    """Remove below the data folder."""
    store.do(tasks.Remove(data=str(store.data), paths=paths), tasks.Nothing)


def test_a_tree_is_removed_and_what_is_gone_is_no_error(store: Store) -> None:
    (store.data / "run/a/b").mkdir(parents=True)
    (store.data / "run/a/b/file").write_text("x")
    (store.data / "run/a").chmod(0)
    (store.data / "file").write_text("x")
    (store.data / "kept").write_text("x")
    remove(store, "run", "file", "never/was", str(store.data / "nor/this"))
    assert [path.name for path in store.data.iterdir()] == ["kept"]


def test_a_link_is_removed_and_not_followed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (store.data / "tree").mkdir()
    (store.data / "tree/link").symlink_to(tmp_path)
    (store.data / "way").symlink_to(tmp_path)
    remove(store, "tree")
    with pytest.raises(RuntimeFailure):
        remove(store, "way/file")
    remove(store, "way")
    assert (tmp_path / "file").exists()
    assert list(store.data.iterdir()) == []


@pytest.mark.parametrize("path", ["..", "a/../..", "", ".", "/", "/etc/hostname"])
def test_what_is_not_below_the_data_folder_is_refused(store: Store, path: str) -> None:
    with pytest.raises(RuntimeFailure, match="below"):
        remove(store, path)


def test_what_is_mounted_stays_with_all_that_is_in_it(store: Store) -> None:
    def work() -> None:
        (store.data / "run/mounted").mkdir(parents=True)
        syscalls.mount("tmpfs", str(store.data / "run/mounted"), "tmpfs", 0)
        (store.data / "run/mounted/file").write_text("x")
        with pytest.raises(RuntimeFailure, match="mounted"):
            remove(store, "run")
        assert (store.data / "run/mounted/file").exists()
        syscalls.umount(str(store.data / "run/mounted"), 0)
        remove(store, "run")
        assert not (store.data / "run").exists()

    apart(work, single=False)


def test_a_tree_deeper_than_any_path_is_removed(store: Store) -> None:
    """A container may make it by going down; nobody can name its end."""
    folder = os.open(store.data, os.O_RDONLY)
    for depth in range(3000):
        name = "deep" if depth == 0 else "d" * 10
        os.mkdir(name, dir_fd=folder)
        deeper = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(folder)
    remove(store, "deep")
    assert list(store.data.iterdir()) == []


def test_a_blob_is_kept_by_its_digest(store: Store) -> None:
    content = '{"ä": 1}'
    for _ in range(2):
        stored = store.do(tasks.StoreBlob(data=str(store.data), content=content), tasks.Stored)
        assert stored.digest == images.digest(content.encode())
    assert (store.data / "blobs/sha256" / digest(content.encode())).read_text() == content


def test_a_folder_is_measured_by_its_files_each_once(store: Store) -> None:
    layer = store.layer(tar(member("a/b", b"x" * 1000), member("c", b"y" * 500)))
    os.link(layer / "c", layer / "d")
    (layer / "e").symlink_to("/etc")
    assert store.do(tasks.Measure(folder=str(layer)), tasks.Measured).size == 1500


def test_every_task_has_a_function_and_another_is_refused(store: Store) -> None:
    assert {kind for kind, _ in TASKS.values()} == set(tasks.Task.__args__)
    assert all(name == kind.__struct_config__.tag for name, (kind, _) in TASKS.items())
    for name, arguments in (("dance", b"{}"), ("load", b'{"type": "load"}')):
        with pytest.raises(RuntimeFailure) as failure:
            do(name, arguments, [])
        assert failure.value.kind is Kind.OTHER_VERSION
    assert store.left() == []
