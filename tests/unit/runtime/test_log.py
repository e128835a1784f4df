"""The log: whole records, in order, from both ends, whatever happened to whoever wrote it."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies

from labrunner.runtime.log import Position, Writer, read, read_back


@pytest.fixture
def place(tmp_path: Path) -> Iterator[int]:
    """An open folder for a log."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@hypothesis.given(strategies.lists(strategies.tuples(strategies.sampled_from([1, 2]), strategies.binary(max_size=60))))
def test_what_was_written_is_read_from_both_ends(written: list[tuple[int, bytes]]) -> None:
    folder = Path(f"/tmp/labrunner-log-{os.getpid()}")  # noqa: S108 - hypothesis takes no folder of pytest's
    folder.mkdir()
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        writer = Writer(descriptor, 200, 1000)
        for time, (stream, content) in enumerate(written):
            writer.write(time, stream, content)
        writer.close()
        found = [(record.time, record.stream, record.content) for record in read(folder)]
        assert found == [(time, *one) for time, one in enumerate(written)]
        assert [record.time for record in read_back(folder)] == list(reversed(range(len(written))))
    finally:
        os.close(descriptor)
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def test_a_record_tells_where_to_read_on(tmp_path: Path, place: int) -> None:
    writer = Writer(place, 60, 1000)
    for number in range(9):
        writer.write(number, 1, b"twenty bytes of text")
    for record in list(read(tmp_path)):
        assert [later.time for later in read(tmp_path, record.end)] == list(range(record.time + 1, 9))
    assert not list(read(tmp_path, Position(writer.segment, writer.offset)))
    writer.close()


def test_the_oldest_segments_are_dropped(tmp_path: Path, place: int) -> None:
    writer = Writer(place, 100, 3)
    for number in range(100):
        writer.write(number, 1, b"x" * 50)
    writer.close()
    assert len(list(tmp_path.iterdir())) == 3
    assert [record.time for record in read(tmp_path)][-1] == 99


@pytest.mark.parametrize("lost", [1, 4, 20, 40])
def test_a_torn_record_is_left_out_and_the_next_shim_goes_on(tmp_path: Path, place: int, lost: int) -> None:
    writer = Writer(place, 1 << 20, 5)
    for number in range(3):
        writer.write(number, 1, b"content of it")
    writer.close()
    segment = tmp_path / "000001"
    os.truncate(segment, segment.stat().st_size - lost)
    whole = [record.time for record in read(tmp_path)]
    again = Writer(place, 1 << 20, 5)
    again.write(9, 2, b"later")
    again.close()
    assert [record.time for record in read(tmp_path)] == [*whole, 9]
    assert [record.time for record in read_back(tmp_path)] == [9, *reversed(whole)]


def test_a_whole_segment_is_written_on(tmp_path: Path, place: int) -> None:
    for number in range(3):
        writer = Writer(place, 1 << 20, 5)
        writer.write(number, 1, b"content")
        writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["000001"]
    assert [record.time for record in read(tmp_path)] == [0, 1, 2]


def test_a_full_disk_loses_one_record_and_no_order(tmp_path: Path, place: int) -> None:
    writer = Writer(place, 1 << 20, 5)
    writer.write(0, 1, b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (writer.offset + 5, hard))  # the kernel takes a part, as of a full disk
    try:
        with pytest.raises(OSError, match="No space") as caught:
            writer.write(1, 1, b"lost")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.ENOSPC
    writer.write(2, 1, b"after")
    writer.close()
    assert [record.content for record in read(tmp_path)] == [b"before", b"after"]


def test_there_may_be_no_log_yet(tmp_path: Path) -> None:
    assert not list(read(tmp_path / "nowhere"))
    assert not list(read_back(tmp_path / "nowhere"))
