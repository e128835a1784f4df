"""What the kernel would make of a filter: the few instructions of classic BPF that the assembler knows."""

from __future__ import annotations

import struct
from collections.abc import Sequence

ALLOWED = 0x7FFF0000
ERRNO = 0x00050000


def judge(program: bytes, architecture: int, number: int, arguments: Sequence[int] = ()) -> int:
    """What the filter returns for a call; one that jumps out of the program fails."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, architecture, 0, *padded)
    instructions = [struct.unpack("=HBBI", program[at : at + 8]) for at in range(0, len(program), 8)]
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, value = instructions[at]
        at += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, value)
            case 0x54:
                accumulator &= value
            case 0x05:
                at += value
            case 0x06:
                return int(value)
            case 0x15 | 0x35 | 0x45:
                true = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: accumulator & value}[code]
                at += if_true if true else if_false
            case _:
                raise AssertionError(f"no such instruction: {code:#x}")
