"""What a container changed becomes a layer, from an overlay and from a copy alike, as root and with a single id."""

from __future__ import annotations

import os
import stat
import subprocess
import tarfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from labrunner.runtime import syscalls
from labrunner.runtime.spec import Rootfs
from labrunner.runtime.storage import marks, tasks
from tests.engine.harness import ORDINARY
from tests.engine.storage.store import Store, as_root, folder, hard_link, member, symlink, tar

pytestmark = as_root
BASE = tar(
    folder("."),
    folder("etc", mtime=10),
    member("etc/name", b"base", mtime=10),
    member("etc/shadow", b"secret", gid=42, mode=0o640, mtime=10),
    member("etc/same", b"same", mtime=10),
    symlink("etc/link", "name"),
    folder("gone", mtime=10),
    member("gone/file", b"x"),
    folder("var/log", mtime=10),
    member("var/log/old", b"old"),
    folder("quiet/inner", mtime=10),
    member("quiet/inner/file", b"quiet", mtime=10),
)
TOP = tar(
    folder("etc", mtime=20),
    member("etc/name", b"top", mtime=20),
    member("etc/.wh.same"),
    folder("gone"),
    member("gone/.wh..wh..opq"),
    member("gone/other", b"y"),
    member("one", b"1"),
    hard_link("two", "one"),
)


def change(root: Path) -> None:
    """What a container does: write, remove, replace, link, and leave most as it is."""
    (root / "etc/shadow").write_bytes(b"changed")
    (root / "etc/new").write_bytes(b"new" * 10_000)
    os.link(root / "etc/new", root / "linked")
    (root / "gone/other").unlink()
    subprocess.run(["rm", "-r", root / "var/log"], check=True)
    (root / "var/log").mkdir()
    (root / "var/log/fresh").touch()
    (root / "quiet/inner/file").chmod(0o600)
    (root / "etc/link").unlink()
    (root / "etc/link").symlink_to("elsewhere")
    os.mkfifo(root / "fifo")


def committed(store: Store, *, copied: bool) -> tuple[tasks.Layer, list[tarfile.TarInfo]]:
    """Make a root of both layers, change it and commit it; what the tar has."""
    lowers = tuple(store.layer(content).name for content in (BASE, TOP))[::-1]
    run = store.data / "run/box"
    for name in ("upper", "work", "merged"):
        (run / name).mkdir(parents=True)
    rootfs = Rootfs(
        layers=f"{store.data}/layers", lowers=lowers, upper=f"{run}/upper", work=f"{run}/work", copied=copied
    )
    if copied:
        store.do(tasks.CopyRoot(rootfs=rootfs), tasks.Nothing)
        unchanged = store.do(tasks.Commit(data=str(store.data), rootfs=rootfs), tasks.Layer)
        assert names(store, unchanged) == []
        change(run / "upper")
    else:
        with overlay(rootfs, run / "merged") as merged:
            change(merged)
    layer = store.do(tasks.Commit(data=str(store.data), rootfs=rootfs), tasks.Layer)
    with tarfile.open(store.data / "blobs/sha256" / layer.blob.removeprefix("sha256:")) as archive:
        return layer, archive.getmembers()


def names(store: Store, layer: tasks.Layer) -> list[str]:
    """The names in a layer's tar."""
    with tarfile.open(store.data / "blobs/sha256" / layer.blob.removeprefix("sha256:")) as archive:
        return archive.getnames()


@contextmanager
def overlay(rootfs: Rootfs, target: Path) -> Iterator[Path]:
    """The root, mounted as a container's is, with relative names of layers."""
    back = Path.cwd()
    os.chdir(rootfs.layers)
    user = "" if marks.ids().initial else ",userxattr"
    options = f"lowerdir={':'.join(rootfs.lowers)},upperdir={rootfs.upper},workdir={rootfs.work}{user}"
    syscalls.mount("overlay", str(target), "overlay", 0, options)
    os.chdir(back)
    try:
        yield target
    finally:
        syscalls.umount(str(target), syscalls.MNT_DETACH)


def apart(work: Callable[[], None], *, single: bool) -> None:
    """Do it in a child with mounts of its own, as root or as an ordinary user with a single id."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            marks.ids.cache_clear()
            if single:
                os.setgroups([])
                os.setresgid(ORDINARY, ORDINARY, ORDINARY)
                os.setresuid(ORDINARY, ORDINARY, ORDINARY)
                syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)
                syscalls.unshare(syscalls.CLONE_NEWUSER | syscalls.CLONE_NEWNS)
                for name, mapping in (
                    ("setgroups", "deny"),
                    ("uid_map", f"0 {ORDINARY} 1"),
                    ("gid_map", f"0 {ORDINARY} 1"),
                ):
                    Path("/proc/self", name).write_text(mapping)
            else:
                syscalls.unshare(syscalls.CLONE_NEWNS)
                syscalls.mount(None, "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
            work()
            code = 0
        except BaseException:  # noqa: BLE001 - the parent sees the code, and pytest shows the rest
            traceback.print_exc()
        os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0


each = pytest.mark.parametrize(
    ("copied", "single"),
    [(False, False), (True, False), (False, True), (True, True)],
    ids=["overlay", "copy", "overlay-single", "copy-single"],
)


@each
def test_what_changed_is_in_the_layer_and_nothing_else(store: Store, copied: bool, single: bool) -> None:  # noqa: FBT001
    os.chown(store.data, ORDINARY if single else 0, ORDINARY if single else 0)

    def work() -> None:
        layer, members = committed(store, copied=copied)
        found = {info.name: info for info in members}
        expected = {"etc", "etc/shadow", "etc/new", "etc/link", "linked", "gone", "gone/.wh.other", "fifo", "quiet"}
        expected |= {"quiet/inner", "quiet/inner/file", "var", "var/log", "var/log/fresh"}
        expected |= {"var/log/.wh.old"} if copied else {"var/log/.wh..wh..opq"}
        assert set(found) == expected
        assert (found["etc/shadow"].gid, found["etc/shadow"].mode) == (42, 0o640)
        assert found["linked" if found["linked"].islnk() else "etc/new"].islnk()
        assert found["etc/link"].linkname == "elsewhere"
        assert found["quiet/inner/file"].mode == 0o600
        unpacked = store.data / "layers" / layer.name
        assert (unpacked / "etc/new").read_bytes() == b"new" * 10_000
        assert stat.S_ISCHR((unpacked / "gone/other").lstat().st_mode)

    apart(work, single=single)


@each
def test_the_layer_over_its_base_is_what_the_container_was(store: Store, copied: bool, single: bool) -> None:  # noqa: FBT001
    os.chown(store.data, ORDINARY if single else 0, ORDINARY if single else 0)

    def work() -> None:
        layer, _ = committed(store, copied=copied)
        base, top = (store.layer(content).name for content in (BASE, TOP))
        again = store.data / "again"
        for name in ("upper", "work", "merged"):
            (again / name).mkdir(parents=True)
        rootfs = Rootfs(
            layers=f"{store.data}/layers", lowers=(layer.name, top, base), upper=f"{again}/upper", work=f"{again}/work"
        )
        with overlay(rootfs, again / "merged") as merged:
            assert (merged / "etc/name").read_bytes() == b"top"
            assert not (merged / "etc/same").exists()
            assert (merged / "etc/shadow").read_bytes() == b"changed"
            assert [path.name for path in (merged / "var/log").iterdir()] == ["fresh"]
            assert list((merged / "gone").iterdir()) == []
            assert (merged / "etc/new").stat().st_nlink == 2
            assert (merged / "quiet/inner/file").read_bytes() == b"quiet"

    apart(work, single=single)


def test_the_same_changes_make_the_same_tar(store: Store) -> None:
    def work() -> None:
        lower = store.layer(BASE).name
        blobs = set()
        for name in ("one", "two"):
            run = store.data / "run" / name
            for part in ("upper/b", "upper/a", "work"):
                (run / part).mkdir(parents=True)
            for file in ("a/2", "a/1", "b/3") if name == "one" else ("b/3", "a/1", "a/2"):
                (run / "upper" / file).write_bytes(b"x")
            for path in (run / "upper").rglob("*"):
                os.utime(path, (5, 5))
            rootfs = Rootfs(layers=f"{store.data}/layers", lowers=(lower,), upper=f"{run}/upper", work=f"{run}/work")
            blobs.add(store.do(tasks.Commit(data=str(store.data), rootfs=rootfs), tasks.Layer).blob)
        assert len(blobs) == 1

    apart(work, single=False)


def test_a_copy_that_fails_leaves_its_folder_empty(store: Store) -> None:
    lower = store.layer(BASE).name
    upper = store.data / "upper"
    upper.mkdir()
    rootfs = Rootfs(layers=f"{store.data}/layers", lowers=("missing", lower), upper=str(upper), work="")
    with pytest.raises(Exception, match="missing"):
        store.do(tasks.CopyRoot(rootfs=rootfs), tasks.Nothing)
    assert list(upper.iterdir()) == []
    store.do(tasks.CopyRoot(rootfs=msgspec.structs.replace(rootfs, lowers=(lower,))), tasks.Nothing)
    assert (upper / "etc/name").read_bytes() == b"base"


def test_127_layers_are_one_mount(store: Store) -> None:
    def work() -> None:
        lowers = tuple(store.layer(tar(member(f"file{number}", b"x"))).name for number in range(127))
        run = store.data / ("long-" * 20)
        for name in ("upper", "work", "merged"):
            (run / name).mkdir(parents=True)
        rootfs = Rootfs(layers=f"{store.data}/layers", lowers=lowers, upper=f"{run}/upper", work=f"{run}/work")
        with overlay(rootfs, run / "merged") as merged:
            assert len(list(merged.iterdir())) == 127

    apart(work, single=False)
