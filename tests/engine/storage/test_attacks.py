"""Archives that mean harm stay inside their folder or are refused in one sentence, and leave nothing behind.

Each attack has its positive control: what it attacks can be attacked, or the same archive without the sting works.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.storage import writing
from labrunner.runtime.storage.header import FOLDER, Entry
from labrunner.runtime.storage.layering import MadeLayer
from labrunner.runtime.storage.limits import Limits
from labrunner.runtime.storage.scratch import Scratch
from tests.engine.storage.store import Store, as_root, folder, hard_link, member, symlink, tar

pytestmark = as_root
_Member = tuple[tarfile.TarInfo, bytes]


@pytest.fixture
def outside(store: Store) -> Iterator[Path]:
    """A file beside the layers, which nobody may touch."""
    victim = store.data.parent / f"{store.data.name}-victim"
    victim.mkdir()
    (victim / "file").write_text("untouched")
    yield victim
    assert (victim / "file").read_text() == "untouched"
    assert sorted(path.name for path in victim.iterdir()) == ["file"]
    subprocess.run(["rm", "-r", victim], check=True)


def refused(store: Store, content: bytes, kind: Kind = Kind.BAD_ARCHIVE) -> str:
    """Why an import is refused; nothing of it may be left."""
    before = store.left()
    with pytest.raises(RuntimeFailure) as failure:
        store.layer(content)
    assert failure.value.kind is kind
    assert store.left() == before
    return failure.value.says


def limited(store: Store, pieces: Iterator[bytes], limits: Limits) -> str:
    """Why a layer is too large for these limits; nothing of it may be left."""
    with pytest.raises(RuntimeFailure) as failure, Scratch(str(store.data)) as scratch:
        MadeLayer(scratch, pieces, limits)
    assert failure.value.kind is Kind.TOO_LARGE
    assert store.left() == []
    return failure.value.says


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "..", "./.."])
def test_a_name_that_leads_out_is_refused(store: Store, name: str) -> None:
    assert "leads out" in refused(store, tar(folder("a"), member(name, b"x")))
    assert (store.layer(tar(folder("a"), member("a/evil", b"x"))) / "a/evil").read_bytes() == b"x"


def test_an_absolute_name_stays_inside(store: Store, outside: Path) -> None:
    layer = store.layer(tar(member(f"{outside}/file", b"overwritten")))
    assert (layer / str(outside / "file")[1:]).read_bytes() == b"overwritten"


@pytest.mark.parametrize("how", ["absolute", "upward", "chained"])
def test_a_file_behind_a_link_stays_inside(store: Store, outside: Path, how: str) -> None:
    """The link is right as a link in a container; followed by the host's own rules it leads out."""
    up = "../" * 30 + str(outside)[1:]
    links = {
        "absolute": [symlink("link", str(outside))],
        "upward": [symlink("link", up)],
        "chained": [symlink("first", up), symlink("link", "first")],
    }[how]
    layer = store.layer(tar(*links, folder(str(outside)[1:]), member("link/file", b"overwritten")))
    assert Path(os.path.realpath(layer / "link")) == outside, "the link must lead out where nobody is careful"
    assert (layer / str(outside)[1:] / "file").read_bytes() == b"overwritten"


def test_a_link_where_a_file_will_be_is_replaced_and_not_written_through(store: Store, outside: Path) -> None:
    layer = store.layer(tar(symlink("name", str(outside / "file")), member("name", b"overwritten")))
    assert not (layer / "name").is_symlink()


@pytest.mark.parametrize("target", ["/{}/file", "{}/file", "link/file"])
def test_a_hard_link_to_what_is_outside_is_refused(store: Store, outside: Path, target: str) -> None:
    target = target.format(str(outside)[1:])
    assert "cannot be made" in refused(store, tar(symlink("link", str(outside)), hard_link("mine", target)))
    inside = (folder(str(outside)[1:]), member(f"{str(outside)[1:]}/file", b"inside"))
    layer = store.layer(tar(symlink("link", str(outside)), *inside, hard_link("mine", target)))
    assert (layer / "mine").read_bytes() == b"inside"


def test_a_hard_link_that_leads_up_is_refused(store: Store) -> None:
    assert "leads out" in refused(store, tar(hard_link("mine", "../../blobs/x")))


@pytest.mark.parametrize("name", [".wh..wh..opq", ".wh.", ".wh..", ".wh...", "a/.wh..", "a/.wh..."])
def test_a_whiteout_of_the_root_or_of_a_parent_is_refused(store: Store, name: str) -> None:
    assert "hides" in refused(store, tar(folder("a"), member("a/file"), member(name)))
    store.layer(tar(folder("a"), member("a/file"), member("a/.wh..wh..opq")))


def test_a_whiteout_behind_a_link_stays_inside(store: Store, outside: Path) -> None:
    layer = store.layer(tar(symlink("link", str(outside)), folder(str(outside)[1:]), member("link/.wh.file")))
    assert stat.S_ISCHR((layer / str(outside)[1:] / "file").lstat().st_mode)


def test_the_root_cannot_become_a_file_or_a_link(store: Store) -> None:
    assert "root is a folder" in refused(store, tar(symlink(".", "/etc")))
    assert "root is a folder" in refused(store, tar(member("./.", b"x")))


def test_a_device_is_made_as_the_archive_says_and_only_inside(store: Store) -> None:
    """Whoever opens it in a container meets the device rules of its cgroup, and outside only root comes here."""
    layer = store.layer(tar(member("disk", type=tarfile.BLKTYPE, devmajor=8, devminor=0, mode=0o600)))
    assert stat.S_ISBLK((layer / "disk").stat().st_mode)
    assert stat.S_IMODE((store.data / "layers").stat().st_mode) == 0o700


def test_a_bomb_is_stopped_by_its_ratio(store: Store) -> None:
    bomb = gzip.compress(tar(member("zeros", bytes(40 << 20))))
    says = limited(store, iter([bomb]), Limits(ratio_from=8 << 20))
    assert "more than 100 times" in says
    with Scratch(str(store.data)) as scratch:
        assert MadeLayer(scratch, iter([bomb]), Limits(ratio_from=1 << 30)).layer.size == 40 << 20


def test_ten_gigabytes_of_zeros_are_refused_before_the_first_is_written(store: Store) -> None:
    head = writing.head(Entry(name=b"zeros", size=10 << 30))
    assert "may have" in refused(store, head + bytes(1 << 20), Kind.TOO_LARGE)


def test_zeros_behind_the_end_of_the_archive_fill_no_memory(store: Store) -> None:
    says = limited(store, iter([tar(member("a")), *[bytes(1 << 20)] * 32]), Limits(size=16 << 20))
    assert "may have" in says


def test_a_million_entries_are_refused(store: Store) -> None:
    """With a smaller number here, since a million take half a minute."""
    one = b"".join(writing.head(Entry(name=b"%d" % number, kind=FOLDER)) for number in range(1000))
    assert "20000 entries" in limited(store, (one for _ in range(2000)), Limits(entries=20_000))
    assert Limits().entries == 1_000_000


def test_a_deep_path_makes_no_more_folders_than_entries_are_allowed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = b"a/" * 500 + b"file"
    store.layer(writing.head(Entry(name=deep)) + writing.END)
    monkeypatch.setattr("labrunner.runtime.storage.tree.LIMITS", Limits(entries=400))
    assert "400 folders" in refused(store, writing.head(Entry(name=deep)) + writing.END, Kind.TOO_LARGE)


def test_a_name_longer_than_the_kernel_takes_is_refused(store: Store) -> None:
    assert "file name too long" in refused(store, writing.head(Entry(name=b"n" * 256)) + writing.END)
    store.layer(writing.head(Entry(name=b"n" * 255)) + writing.END)


def test_what_is_no_archive_is_refused(store: Store) -> None:
    for content in (b"", b"no archive", os.urandom(5000), b"\x1f\x8b\x08" + bytes(100)):
        refused(store, content)


def test_a_fifo_in_the_way_blocks_nobody(store: Store) -> None:
    layer = store.layer(tar(member("a", type=tarfile.FIFOTYPE), member("a", b"x"), hard_link("b", "a")))
    assert (layer / "b").read_bytes() == b"x"


def test_a_folder_in_the_way_of_a_file_is_removed_with_all_that_is_in_it_and_no_more(
    store: Store, outside: Path
) -> None:
    layer = store.layer(tar(folder("a"), symlink("a/link", str(outside)), member("a/b/c", b"x"), member("a", b"y")))
    assert (layer / "a").read_bytes() == b"y"


@pytest.mark.parametrize("target", ["a", "/a", "../a", "nowhere", "a/b"])
def test_a_folder_that_becomes_a_link_to_itself_is_only_a_link(store: Store, target: str) -> None:
    layer = store.layer(tar(folder("a", mtime=5), folder("a/b", mtime=5), member("a/b/c"), symlink("a", target)))
    assert str((layer / "a").readlink()) == target
    assert "cannot be made" in refused(store, tar(symlink("a", target), member("a/b/c")))


_ODD_NAMES = [
    b"a",
    b"b",
    b"a/b",
    b"a/b/c",
    b"/a",
    b".",
    b"l",
    b"l/file",
    b"a/l/file",
    b".wh.a",
    b"a/.wh.b",
    b"l/.wh.file",
]
_ODD_KINDS = [b"0", b"1", b"2", b"3", b"5", b"6"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    drawn=st.lists(st.tuples(st.sampled_from(_ODD_NAMES), st.sampled_from(_ODD_KINDS), st.integers(0, 7)), max_size=12)
)
def test_whatever_follows_upon_whatever_stays_inside(
    store: Store, outside: Path, drawn: list[tuple[bytes, bytes, int]]
) -> None:
    """What is refused is refused by a sentence, never by an exception of Python's."""
    up = b"../" * 30 + os.fsencode(outside)[1:]
    links = [os.fsencode(outside), up, up + b"/file", b"a", b"l", b"/", b".", b"a/b"]
    content = b"".join(
        writing.head(Entry(name=name, kind=kind, link=links[link], size=3 if kind == b"0" else 0))
        + (b"new" + writing.padding(3) if kind == b"0" else b"")
        for name, kind, link in drawn
    )
    with contextlib.suppress(RuntimeFailure):
        store.layer(content + writing.END)
    assert (outside / "file").read_text() == "untouched"


def test_python_own_library_would_follow_the_link(tmp_path: Path) -> None:
    """The control for all of the above: names alone are no protection."""
    (tmp_path / "in").mkdir()
    content = tar(symlink("in/link", str(tmp_path)), member("in/link/file", b"overwritten"))
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extraction_filter = lambda member, _: member  # what Python 3.11.2 does anyway
        archive.extractall(tmp_path)  # noqa: S202 - which is the point
    assert (tmp_path / "file").read_bytes() == b"overwritten"
