"""What is compressed comes out whole, in bounded pieces, and damage is told."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.storage import compression
from labrunner.runtime.storage.chunks import PIECE
from labrunner.runtime.storage.compression import Compression

Compress = Callable[[bytes], bytes]
_ALL: list[tuple[Compression, Compress]] = [
    (Compression.GZIP, gzip.compress),
    (Compression.ZSTD, zstandard.ZstdCompressor(write_checksum=True).compress),
    (Compression.BZIP2, bz2.compress),
    (Compression.XZ, lzma.compress),
]
each = pytest.mark.parametrize(("kind", "compress"), _ALL)


def plain(content: bytes, piece: int = 1 << 20) -> bytes:
    """What comes out of content that comes in pieces."""
    pieces = iter([content[at : at + piece] for at in range(0, len(content), piece)])
    return b"".join(compression.decompressed(pieces, compression.of(content)))


@each
def test_the_kind_is_recognised_by_the_first_bytes(kind: Compression, compress: Compress) -> None:
    assert compression.of(compress(b"hello")[: compression.HEAD]) is kind
    assert compression.of(b"hello!") is Compression.NONE


@each
@given(contents=st.lists(st.binary(max_size=3000), min_size=1, max_size=3), piece=st.integers(1, 4000))
def test_streams_one_after_another_come_out_as_one(
    kind: Compression, compress: Compress, contents: list[bytes], piece: int
) -> None:
    """As ``pigz`` and ``cat`` make them."""
    assert plain(b"".join(map(compress, contents)), piece) == b"".join(contents), kind


@each
def test_a_bomb_comes_out_in_pieces(kind: Compression, compress: Compress) -> None:
    pieces = compression.decompressed(iter([compress(bytes(20 * PIECE))]), kind)
    assert max(len(piece) for piece in pieces) <= PIECE


@each
def test_damage_is_told(kind: Compression, compress: Compress) -> None:
    content = compress(bytes(range(256)) * 1000)
    middle = len(content) // 2
    damaged = content[:middle] + bytes(byte ^ 0x55 for byte in content[middle : middle + 30]) + content[middle + 30 :]
    with pytest.raises(RuntimeFailure) as failure:
        plain(damaged)
    assert failure.value.kind is Kind.BAD_ARCHIVE, kind


@pytest.mark.parametrize(("kind", "compress"), [pair for pair in _ALL if pair[0] is not Compression.ZSTD])
def test_what_was_cut_off_is_told(kind: Compression, compress: Compress) -> None:
    """Of zstd the library does not tell; the tar in it does."""
    content = compress(bytes(range(256)) * 1000)
    with pytest.raises(RuntimeFailure, match="cut off"):
        plain(content[: len(content) // 2])
    assert plain(content) == bytes(range(256)) * 1000, kind
