"""A tar becomes a layer's folder as GNU tar would make it, with the marks of an overlay where something is hidden."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labrunner.runtime.storage import tasks
from tests.engine.storage.store import Store, as_root, digest, folder, hard_link, member, symlink, tar

pytestmark = as_root
_NAMES = st.lists(st.sampled_from(["a", "b", "ä", "n" * 120]), min_size=1, max_size=4).map("/".join)
_Member = tuple[tarfile.TarInfo, bytes]


def listing(root: Path) -> list[tuple[object, ...]]:
    """All that can be told of the files below a folder."""
    found: list[tuple[object, ...]] = []
    for path in [root, *sorted(root.rglob("*"))]:
        status = path.lstat()
        kind = stat.S_IFMT(status.st_mode)
        found.append(
            (
                str(path.relative_to(root)),
                status.st_mode,
                status.st_uid,
                status.st_gid,
                status.st_mtime_ns,
                status.st_rdev,
                status.st_nlink if kind != stat.S_IFDIR else 0,
                path.read_bytes() if kind == stat.S_IFREG else path.readlink() if kind == stat.S_IFLNK else b"",
            )
        )
    return found


def by_gnu_tar(content: bytes, into: Path) -> Path:
    """What GNU tar makes of it."""
    into.mkdir()
    subprocess.run(["tar", "--numeric-owner", "-xpf", "-", "-C", into], input=content, check=True)
    return into


@st.composite
def trees(draw: st.DrawFn) -> list[_Member]:
    """Folders, and files of all kinds in them, each name once."""
    members: dict[str, _Member] = {".": folder(".", mtime=1_000_000)}
    for name in draw(st.lists(_NAMES, max_size=8, unique=True)):
        parts = name.split("/")
        for depth in range(1, len(parts)):
            inner = "/".join(parts[:depth])
            if members.setdefault(inner, folder(inner, mtime=draw(st.integers(1, 10**9))))[0].type != tarfile.DIRTYPE:
                break
        else:
            members.setdefault(name, draw(st.one_of(_files(name), _specials(name, sorted(members)))))
    return [members[name] for name in sorted(members, key=lambda name: name.split("/"))]  # as GNU tar needs it


def _files(name: str) -> st.SearchStrategy[_Member]:
    numbers = st.integers(0, 3_000_000)
    return st.builds(
        lambda content, mode, uid, gid, mtime: member(name, content, mode=mode, uid=uid, gid=gid, mtime=mtime),
        st.binary(max_size=2000),
        st.integers(0, 0o7777),
        numbers,
        numbers,
        st.integers(1, 10**9),
    )


def _specials(name: str, others: list[str]) -> st.SearchStrategy[_Member]:
    return st.sampled_from(
        [
            folder(name, mtime=7),
            symlink(name, "../../nowhere"),
            symlink(name, others[0]),
            member(name, type=tarfile.FIFOTYPE, mtime=5),
            member(name, type=tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666),
            member(name, type=tarfile.BLKTYPE, devmajor=7, devminor=200),
        ]
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(members=trees())
def test_a_tree_is_made_as_gnu_tar_makes_it(store: Store, members: list[_Member]) -> None:
    content = tar(*members)
    layer = store.layer(content)
    reference = by_gnu_tar(content, store.data / f"reference-{layer.name}")
    assert listing(layer) == listing(reference)


def test_names_of_one_file_are_one_file(store: Store) -> None:
    layer = store.layer(tar(member("a", b"x"), folder("d"), hard_link("d/b", "a"), hard_link("c", "./d/b")))
    assert len({(layer / name).stat().st_ino for name in ("a", "d/b", "c")}) == 1


@pytest.mark.parametrize(
    ("compress", "media"),
    [
        (gzip.compress, "tar+gzip"),
        (zstandard.ZstdCompressor().compress, "tar+zstd"),
        (lzma.compress, "tar"),
        (bz2.compress, "tar"),
    ],
)
def test_a_compressed_tar_is_kept_as_it_came_where_images_may_have_it_so(
    store: Store, compress: Callable[[bytes], bytes], media: str
) -> None:
    plain = tar(member("file", b"content" * 1000))
    packed = compress(plain)
    layer = store.feed(tasks.Import(data=str(store.data)), tasks.Layer, packed)
    kept = packed if media != "tar" else plain
    assert (layer.diff_id, layer.blob, layer.media) == (f"sha256:{digest(plain)}", f"sha256:{digest(kept)}", media)
    assert (store.data / "blobs/sha256" / digest(kept)).read_bytes() == kept
    assert (store.data / "layers" / layer.name / "file").read_bytes() == b"content" * 1000
    assert layer.size == 7000


def test_whiteouts_hide_what_lies_below_and_nothing_of_their_own_layer(store: Store) -> None:
    layer = store.layer(
        tar(
            member("d/.wh.gone"),
            member("own", b"x"),
            member(".wh.own"),
            member(".wh.again"),
            folder("again"),
            member("again/file"),
            folder("o"),
            member("o/.wh..wh..opq"),
            member("o/file"),
            member(".wh..wh.plnk"),
        )
    )
    gone = (layer / "d/gone").lstat()
    assert (stat.S_ISCHR(gone.st_mode), gone.st_rdev) == (True, 0)
    assert (layer / "own").read_bytes() == b"x"
    assert [os.getxattr(layer / name, "trusted.overlay.opaque") for name in ("again", "o")] == [b"y", b"y"]
    assert sorted(path.name for path in layer.iterdir()) == ["again", "d", "o", "own"]


def test_a_later_entry_takes_the_place_of_an_earlier_one(store: Store) -> None:
    layer = store.layer(
        tar(
            folder("a", mtime=5),
            member("a/b/c", b"x"),
            member("a", b"now a file"),
            member("f", b"x"),
            folder("f", mtime=9),
            folder("f", mtime=11),
            symlink("l", "a"),
            member("l", b"no link"),
        )
    )
    assert (layer / "a").read_bytes() == b"now a file"
    assert (layer / "f").stat().st_mtime == 11
    assert (layer / "l").read_bytes() == b"no link"


def test_capabilities_and_users_attributes_are_kept_and_the_overlays_own_are_not(store: Store) -> None:
    capability = "".join(map(chr, b"\x01\x00\x00\x02\x00\x20" + bytes(14)))
    attributes = {"security.capability": capability, "user.note": "hello", "user.overlay.opaque": "y"}
    headers = {f"SCHILY.xattr.{name}": value for name, value in attributes.items()}
    layer = store.layer(tar(member("file", b"x", mode=0o755, uid=5, pax_headers=headers)))
    kept = os.listxattr(layer / "file")
    assert "security.capability" in kept
    assert "user.overlay.opaque" not in kept


def test_what_comes_through_a_pipe_is_read_to_its_end(store: Store) -> None:
    content = tar(member("file", b"x" * 300_000))
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cat:
        assert cat.stdin
        assert cat.stdout
        writer = os.fork()
        if not writer:
            cat.stdin.write(content)
            cat.stdin.close()
            os._exit(0)
        cat.stdin.close()
        layer = store.do(tasks.Import(data=str(store.data)), tasks.Layer, cat.stdout.fileno())
        os.waitpid(writer, 0)
    assert layer.size == 300_000
