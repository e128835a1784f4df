"""The assembler: a program decides as its tree does, however large it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labrunner.runtime.seccomp.bpf import AnyBit, AtLeast, Equal, Load, Node, Return, assemble, search
from tests.unit.runtime.seccomp.interpreter import judge


def test_each_test_goes_both_ways() -> None:
    yes, no = Return(1), Return(2)
    for test, hits, misses in (
        (Equal(5, yes, no), (5,), (4, 6)),
        (AtLeast(5, yes, no), (5, 6, 0xFFFFFFFF), (4, 0)),
        (AnyBit(6, yes, no), (2, 4, 7), (1, 8)),
    ):
        program = assemble(Load(0, test))
        assert [judge(program, 0, number) for number in hits] == [1] * len(hits)
        assert [judge(program, 0, number) for number in misses] == [2] * len(misses)


def test_only_the_wanted_bits_are_compared() -> None:
    program = assemble(Load(0, Equal(0x20, Return(1), Return(2)), bits=0xF0))
    assert [judge(program, 0, number) for number in (0x20, 0x2F, 0x30)] == [1, 1, 2]


def test_equal_branches_are_laid_out_once() -> None:
    one = Load(0, Equal(1, Return(7), Equal(2, Return(7), Return(8))))
    assert len(assemble(one)) == 8 * 5


@given(st.dictionaries(st.integers(1, 5000), st.integers(0, 20), min_size=1, max_size=600), st.data())
def test_a_search_finds_the_range(starts: dict[int, int], data: st.DataObject) -> None:
    """As a table of ranges would, when jumps need more than the 255 instructions that one of them may skip, too."""
    ranges = [(0, 99), *sorted(starts.items())]
    program = assemble(Load(0, search([(start, Return(value)) for start, value in ranges])))
    for number in data.draw(st.lists(st.integers(0, 5001), max_size=50)):
        assert judge(program, 0, number) == [value for start, value in ranges if start <= number][-1]


def test_a_jump_may_be_longer_than_the_instruction_has_bits_for() -> None:
    ranges = [(number, Return(number % 7 + (number // 150) * 1000)) for number in range(1500)]
    program = assemble(Load(0, search(ranges)))
    assert [judge(program, 0, number) for number in range(0, 1500, 7)] == [node.value for _, node in ranges[::7]]
    assert any(program[at] == 0x05 for at in range(0, len(program), 8))


def test_both_jumps_of_a_test_may_be_just_too_long() -> None:
    """The second one's help makes the first one longer by an instruction."""
    one, two = Return(1), Return(2)
    for length in range(245, 265):
        between: Node = Equal(0, one, two)
        for _ in range(length):
            between = Load(0, between)
        program = assemble(Load(4, Equal(5, between, Equal(6, two, one))))
        assert [judge(program, architecture, 0) for architecture in (5, 6, 7)] == [1, 2, 1], length
