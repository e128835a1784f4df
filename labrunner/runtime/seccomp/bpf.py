"""A small assembler for the kernel's classic BPF: a decision as a tree of tests becomes instructions.

Jumps lead forward only and may skip 255 instructions at most, so the tree is laid out from its leaves: what comes later
in the program is there before what jumps to it. Equal branches are laid out once. seccomp(2), linux/bpf_common.h.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_LOAD, _AND, _RETURN, _JUMP = 0x20, 0x54, 0x06, 0x05
_JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT = 0x15, 0x35, 0x45
_FURTHEST = 255


@dataclass(frozen=True, slots=True)
class Return:
    """The end: what the kernel shall do with the call."""

    value: int


@dataclass(frozen=True, slots=True)
class Load:
    """Take 32 bits at ``offset`` of ``struct seccomp_data`` into the accumulator, of which only ``bits`` count."""

    offset: int
    then: Node
    bits: int = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Equal:
    """Whether the accumulator is ``value``."""

    value: int
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Whether the accumulator is ``value`` or more, without a sign."""

    value: int
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class AnyBit:
    """Whether the accumulator has one of the bits of ``value``."""

    value: int
    then: Node
    otherwise: Node


Node = Return | Load | Equal | AtLeast | AnyBit
_TESTS = {Equal: _JUMP_EQUAL, AtLeast: _JUMP_AT_LEAST, AnyBit: _JUMP_ANY_BIT}


def search(ranges: Sequence[tuple[int, Node]]) -> Node:
    """A balanced search for the accumulator in ranges, each from its number up to the next one's; the first is 0."""
    if len(ranges) == 1:
        return ranges[0][1]
    middle = len(ranges) // 2
    return AtLeast(ranges[middle][0], search(ranges[middle:]), search(ranges[:middle]))


def assemble(decision: Node) -> bytes:
    """The program, as an array of ``struct sock_filter``."""
    program = _Program()
    program.place(decision)
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in reversed(program.backwards))


class _Program:
    """Instructions, the last one first; a place is how many of them follow from there to the end, itself included."""

    def __init__(self) -> None:
        self.backwards: list[tuple[int, int, int, int]] = []
        self._places: dict[Node, int] = {}

    def place(self, node: Node) -> int:
        """Where the node is, laid out if it was not yet."""
        if node not in self._places:
            self._places[node] = self._lay(node)
        return self._places[node]

    def _lay(self, node: Node) -> int:
        if isinstance(node, Return):
            return self._add(_RETURN, node.value)
        if isinstance(node, Load):
            then = self.place(node.then)
            if then != len(self.backwards):
                self._add(_JUMP, self._distance(then))
            if node.bits != 0xFFFFFFFF:  # noqa: PLR2004 - all of them
                self._add(_AND, node.bits)
            return self._add(_LOAD, node.offset)
        then, otherwise = self.place(node.then), self.place(node.otherwise)
        then = self._near(then, room=1)
        otherwise = self._near(otherwise, room=0)
        return self._add(_TESTS[type(node)], node.value, self._distance(then), self._distance(otherwise))

    def _near(self, place: int, *, room: int) -> int:
        """The place, or one of a jump to it where it is too far away once ``room`` more instructions are there."""
        if self._distance(place) + room <= _FURTHEST:
            return place
        return self._add(_JUMP, self._distance(place))

    def _distance(self, place: int) -> int:
        """How many instructions the next one to be added would skip."""
        return len(self.backwards) - place

    def _add(self, code: int, value: int, if_true: int = 0, if_false: int = 0) -> int:
        self.backwards.append((code, if_true, if_false, value))
        return len(self.backwards)
