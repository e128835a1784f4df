"""Protocol Buffers messages as far as one needs no schema for them: their fields, in order.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator

from labrunner.wire.heads import WireError

_LENGTH_DELIMITED = 2
_FIXED = {1: 8, 5: 4}
_MOST_BITS = 64


def field(number: int, value: bytes) -> bytes:
    """A length-delimited field: a string, bytes or a message."""
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(value)) + value


def pair(number: int, key: str, value: str) -> bytes:
    """An entry of a map of strings."""
    return field(number, field(1, key.encode()) + field(2, value.encode()))


def fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The numbers and contents of the length-delimited fields. WireError where the bytes are no message."""
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        kind = tag & 7
        if kind == 0:
            _, at = _read_varint(message, at)
            continue
        if kind == _LENGTH_DELIMITED:
            size, at = _read_varint(message, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise WireError(f"a field's kind 0, 1, 2 or 5 was expected, and {kind} was found")
        if at + size > len(message):
            raise WireError(f"a field of {size} bytes was expected, and {len(message) - at} bytes were found")
        if kind == _LENGTH_DELIMITED:
            yield tag >> 3, message[at : at + size]
        at += size


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, _MOST_BITS + 6, 7):
        if at >= len(message):
            raise WireError(f"a number was expected at byte {at}, and the message has {len(message)} bytes")
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number
            return number, at
    raise WireError(f"a number of at most {_MOST_BITS} bits was expected at byte {at}")
