"""Tars are read as Python's own library reads them, and what we write is read back by it and by GNU tar."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.storage import header, writing
from labrunner.runtime.storage.archive import Archive
from labrunner.runtime.storage.chunks import Chunks
from labrunner.runtime.storage.header import Entry
from labrunner.runtime.storage.limits import Limits

_PARTS = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=60)
_NAMES = st.lists(_PARTS.filter(lambda part: part not in {".", ".."}), min_size=1, max_size=6).map("/".join)
_IDS = st.integers(0, (1 << 32) - 2)
_KINDS = {
    header.FILE: tarfile.REGTYPE,
    header.LINK: tarfile.LNKTYPE,
    header.SYMLINK: tarfile.SYMTYPE,
    header.FOLDER: tarfile.DIRTYPE,
    header.FIFO: tarfile.FIFOTYPE,
}


@st.composite
def entries(draw: st.DrawFn) -> tuple[Entry, bytes]:
    """An entry and its content."""
    kind = draw(st.sampled_from(list(_KINDS)))
    content = draw(st.binary(max_size=1500)) if kind == header.FILE else b""
    name = draw(_NAMES)
    return (
        Entry(
            name=(name + "/" if kind == header.FOLDER else name).encode(),
            kind=kind,
            link=draw(_NAMES).encode() if kind in {header.LINK, header.SYMLINK} else b"",
            size=len(content),
            mode=draw(st.integers(0, 0o7777)),
            uid=draw(_IDS),
            gid=draw(_IDS),
            mtime=draw(st.integers(0, (1 << 32) * 10**9)),
            xattrs=(("user.note", draw(st.binary(max_size=20))),) if draw(st.booleans()) else (),
        ),
        content,
    )


def read(content: bytes, piece: int = 1 << 20, limits: Limits | None = None) -> list[tuple[Entry, bytes]]:
    """The entries of a tar that comes in pieces of so many bytes."""
    pieces = (content[at : at + piece] for at in range(0, len(content), piece))
    archive = Archive(Chunks(pieces), limits or Limits())
    return [(entry, b"".join(archive.content())) for entry in archive]


def written(items: list[tuple[Entry, bytes]]) -> bytes:
    """A tar of ours."""
    return b"".join(writing.head(entry) + content + writing.padding(len(content)) for entry, content in items) + (
        writing.END
    )


def one(name: str = "file", **fields: object) -> bytes:
    """A tar of one empty entry, by Python's library."""
    info = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    return info.tobuf(tarfile.GNU_FORMAT) + writing.END


def refused(content: bytes, limits: Limits | None = None) -> RuntimeFailure:
    """Why a tar is refused."""
    with pytest.raises(RuntimeFailure) as failure:
        read(content, limits=limits)
    return failure.value


@given(st.lists(entries(), max_size=5), st.integers(1, 3000))
def test_what_is_written_is_read_again_in_pieces_of_any_size(items: list[tuple[Entry, bytes]], piece: int) -> None:
    assert read(written(items), piece) == items


@given(st.lists(entries(), max_size=5))
def test_what_is_written_is_read_by_pythons_library(items: list[tuple[Entry, bytes]]) -> None:
    with tarfile.open(fileobj=io.BytesIO(written(items))) as tar:
        found = tar.getmembers()
        assert [info.name for info in found] == [entry.name.decode().rstrip("/") for entry, _ in items]
        for info, (entry, content) in zip(found, items, strict=True):
            assert (info.type, info.mode, info.uid, info.gid) == (_KINDS[entry.kind], entry.mode, entry.uid, entry.gid)
            assert info.linkname == entry.link.decode()
            assert abs(info.mtime - entry.mtime / 10**9) < 1e-3
            if entry.kind == header.FILE:
                file = tar.extractfile(info)
                assert file
                assert file.read() == content


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@given(item=entries())
def test_what_pythons_library_writes_is_read(form: int, item: tuple[Entry, bytes]) -> None:
    entry, content = item
    info = tarfile.TarInfo(entry.name.decode().rstrip("/"))
    info.type, info.linkname, info.size = _KINDS[entry.kind], entry.link.decode(), entry.size
    info.mode, info.uid, info.gid, info.mtime = entry.mode, entry.uid % 8**7, entry.gid % 8**7, entry.mtime // 10**9
    try:
        head = info.tobuf(form)  # type: ignore[arg-type] # one of three numbers
    except ValueError:
        return  # a name that ustar cannot have
    found, found_content = read(head + content + writing.padding(len(content)) + writing.END)[0]
    assert (found.name, found.kind, found.link, found_content) == (entry.name, entry.kind, entry.link, content)
    assert (found.mode, found.uid, found.gid) == (info.mode, info.uid, info.gid)
    assert found.mtime // 10**9 == info.mtime % 8**11


@pytest.mark.parametrize("form", ["v7", "ustar", "oldgnu", "gnu", "posix"])
def test_what_gnu_tar_writes_is_read(tmp_path: Path, form: str) -> None:
    """In the first two a link may have 100 bytes, in the others any number."""
    letters = 40 if form in {"v7", "ustar"} else 70
    deep = tmp_path / "tree" / ("d" * letters) / ("e" * letters)
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"content" * 100)
    os.link(deep / "file", deep / "other")
    (deep / "link").symlink_to("../file")
    packed = subprocess.run(
        ["tar", f"--format={form}", "--sort=name", "-C", tmp_path, "-c", "tree"], check=True, capture_output=True
    ).stdout
    found = read(packed)
    folder = f"tree/{'d' * letters}/{'e' * letters}/".encode()
    assert [entry.name for entry, _ in found][2:] == [folder, folder + b"file", folder + b"link", folder + b"other"]
    assert [content for _, content in found][3] == b"content" * 100
    assert [entry.kind for entry, _ in found][4:] == [header.SYMLINK, header.LINK]
    assert [entry.link for entry, _ in found][4:] == [b"../file", folder + b"file"]


def test_what_a_global_header_says_holds_for_all_that_follows() -> None:
    buffer = io.BytesIO()
    headers = {"comment": "ours", "SCHILY.xattr.user.note": "hello"}
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers=headers) as tar:
        tar.addfile(tarfile.TarInfo("a"))
        tar.addfile(tarfile.TarInfo("b"))
    assert [entry.xattrs for entry, _ in read(buffer.getvalue())] == [(("user.note", b"hello"),)] * 2


def test_a_time_before_1970_or_after_2242_becomes_1970() -> None:
    assert [read(one(mtime=mtime))[0][0].mtime for mtime in (-5, 1 << 40, 7)] == [0, 0, 7 * 10**9]


def test_what_is_no_tar_is_said_to_be_none() -> None:
    failure = refused(b"This is a text, and no archive at all. " * 100)
    assert failure.kind is Kind.BAD_ARCHIVE
    assert "no tar" in failure.says


@pytest.mark.parametrize("end", [100, 512, 600, 1300])
def test_a_tar_that_was_cut_off_is_said_to_be(end: int) -> None:
    whole = written([(Entry(name=b"a", size=1000), b"x" * 1000)])
    assert len(read(whole)) == 1
    assert "cut off" in refused(whole[:end]).says


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (one(type=tarfile.GNUTYPE_SPARSE), "sparse"),
        (one(type=b"M"), "of type"),
        (one(uid=1 << 40), "an owner"),
        (one(size=-1), "below zero"),
        (writing.head(Entry(name=b"a", xattrs=(("x", b"1"),))).replace(b"SCHILY.xattr.x", b"GNU.sparse.maj"), "sparse"),
        (writing.head(Entry(name=b"a" * 120)).replace(b"130 path", b"930 path"), "torn"),
        (writing.head(Entry(name=b"a" * 120)).replace(b"path=aa", b"path=a\0"), "zero byte"),
        (writing.head(Entry(name=b"a", mtime=5 * 10**9)).replace(b"00000000005", b"0000000000x"), "checksum"),
    ],
)
def test_an_entry_that_no_layer_has_is_refused(content: bytes, words: str) -> None:
    failure = refused(content)
    assert failure.kind is Kind.BAD_ARCHIVE
    assert words in failure.says


@pytest.mark.parametrize(
    ("limits", "entry"),
    [
        (Limits(entries=2), Entry(name=b"a")),
        (Limits(size=99), Entry(name=b"a", size=50)),
        (Limits(name=5), Entry(name=b"a" * 6)),
        (Limits(names=8), Entry(name=b"abc")),
        (Limits(extensions=100), Entry(name=b"a" * 120)),
    ],
)
def test_more_than_the_limits_allow_is_refused(limits: Limits, entry: Entry) -> None:
    whole = written([(entry, b"x" * entry.size)] * 3)
    assert len(read(whole)) == 3
    assert refused(whole, limits).kind is Kind.TOO_LARGE


def test_a_name_of_64_kib_is_refused_before_it_is_used() -> None:
    whole = written([(Entry(name=b"a" * (64 << 10)), b"")])
    assert refused(whole).kind is Kind.TOO_LARGE


@given(st.lists(entries(), min_size=1, max_size=3), st.data())
def test_a_damaged_tar_is_read_or_refused_and_nothing_else(
    items: list[tuple[Entry, bytes]], data: st.DataObject
) -> None:
    """Its checksums are right, so that all fields are looked at."""
    damaged = bytearray(written(items))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    for at in range(0, len(damaged), 512):
        damaged[at + 148 : at + 156] = b" " * 8
        damaged[at + 148 : at + 156] = b"%06o\0 " % sum(damaged[at : at + 512])
    with contextlib.suppress(RuntimeFailure):
        read(bytes(damaged))


def test_a_content_that_nobody_takes_is_passed_over() -> None:
    whole = written([(Entry(name=b"a", size=700), b"x" * 700), (Entry(name=b"b"), b"")])
    assert [entry.name for entry in Archive(Chunks(iter([whole])))] == [b"a", b"b"]
