"""Chunks, multiplexed frames, upgrades, Protocol Buffers and HTTP/2 frames."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrunner.wire.chunks import LAST, MAX_LINE, Chunks, chunk
from labrunner.wire.heads import Headers, RequestHead, ResponseHead, WireError
from labrunner.wire.http2 import DATA, Frame, Frames
from labrunner.wire.protobuf import field, fields, pair
from labrunner.wire.streams import frame, frames, takes_over, wants_upgrade


def cut(content: bytes, sizes: list[int]) -> list[bytes]:
    """The content in pieces."""
    pieces = []
    for size in sizes:
        pieces.append(content[:size])
        content = content[size:]
    return [*pieces, content]


@given(st.lists(st.binary(max_size=50)), st.lists(st.integers(1, 9)), st.binary(max_size=9))
def test_chunks_come_out_however_they_are_cut(parts: list[bytes], sizes: list[int], rest: bytes) -> None:
    reader = Chunks()
    wire = b"".join(map(chunk, parts)) + LAST + rest
    assert b"".join(reader.feed(piece) for piece in cut(wire, sizes)) == b"".join(parts)
    assert reader.ended
    assert reader.rest == rest


def test_chunk_extensions_and_trailers_are_passed_over() -> None:
    reader = Chunks()
    assert reader.feed(b"3;name=value\r\nabc\r\n0\r\nTrailer: x\r\n\r\n") == b"abc"
    assert reader.ended


@pytest.mark.parametrize("wire", [b"x\r\n", b"-1\r\n", b"\r\n", b"3\r\nabcd\r\n", b"1" * (MAX_LINE + 3)])
def test_what_is_no_chunk_is_refused(wire: bytes) -> None:
    with pytest.raises(WireError, match=r"w(as|ere) found"):
        Chunks().feed(wire)


@given(st.lists(st.tuples(st.integers(0, 2), st.binary(max_size=300))))
def test_multiplexed_frames_come_out_in_order(parts: list[tuple[int, bytes]]) -> None:
    stream = b"".join(frame(number, payload) for number, payload in parts)
    assert list(frames(stream)) == parts


@pytest.mark.parametrize("torn", [b"\x01", frame(2, b"long")[:7], frame(2, b"long")[:-1], frame(2, b"long")[:8]])
def test_torn_last_frame_is_dropped(torn: bytes) -> None:
    assert list(frames(frame(1, b"whole") + torn)) == [(1, b"whole")]


def test_upgrade_needs_both_headers() -> None:
    both = Headers((("Connection", "Upgrade"), ("Upgrade", "tcp")))
    assert wants_upgrade(RequestHead(both, "POST", "/session"))
    assert not wants_upgrade(RequestHead(both.without("Upgrade"), "POST", "/session"))


@pytest.mark.parametrize(
    ("status", "headers", "taken"),
    [
        (101, {}, True),
        (200, {"Content-Type": "application/vnd.docker.raw-stream"}, True),
        (200, {"Content-Type": "application/vnd.docker.multiplexed-stream"}, True),
        (200, {"Content-Type": "application/vnd.docker.raw-stream", "Content-Length": "0"}, False),
        (200, {"Content-Type": "application/vnd.docker.raw-stream", "Transfer-Encoding": "chunked"}, False),
        (404, {"Content-Type": "application/json"}, False),
    ],
)
def test_connection_is_taken_over_only_when_the_engine_agrees(
    status: int, headers: dict[str, str], *, taken: bool
) -> None:
    assert takes_over(ResponseHead(Headers(tuple(headers.items())), status, "")) is taken


@given(st.lists(st.tuples(st.integers(1, 3000), st.binary(max_size=300))))
def test_fields_of_a_message_come_out_in_order(parts: list[tuple[int, bytes]]) -> None:
    assert list(fields(b"".join(field(number, value) for number, value in parts))) == parts


def test_numbers_in_a_message_are_passed_over() -> None:
    assert list(fields(b"\x08\x96\x01" + pair(7, "k", "v") + b"\x0d\0\0\0\0\x09" + bytes(8))) == [
        (7, field(1, b"k") + field(2, b"v"))
    ]


@given(st.binary(max_size=100))
def test_any_bytes_are_a_message_or_refused(noise: bytes) -> None:
    with suppress(WireError):
        list(fields(noise))


@given(st.lists(st.binary(max_size=60)), st.lists(st.integers(1, 20)))
def test_http2_frames_come_out_however_they_are_cut(parts: list[bytes], sizes: list[int]) -> None:
    sent = [Frame(DATA, 0, 3, part) for part in parts]
    reader = Frames()
    wire = b"".join(each.serialise() for each in sent)
    assert [each for piece in cut(wire, sizes) for each in reader.feed(piece)] == sent


def test_padding_is_no_content() -> None:
    assert Frame(DATA, 0x8, 1, b"\x02abc\0\0").content == b"abc"
