"""The filter as a program: what the kernel would make of every call there is."""

from __future__ import annotations

import errno

import pytest

from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.seccomp import ARCHITECTURES, profile, program
from labrunner.runtime.seccomp.numbers import NUMBERS
from labrunner.runtime.spec import DEFAULT_CAPABILITIES
from tests.unit.runtime.seccomp.interpreter import ALLOWED, ERRNO, judge

REFUSED, UNKNOWN, PRETENDED = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS, ERRNO
CONDITIONAL = {"socket", "personality", "clone", "clone3"}
NONE: frozenset[str] = frozenset()
EVERY = frozenset(profile.BY_CAPABILITY)

each_architecture = pytest.mark.parametrize("arch", list(ARCHITECTURES))


def said(
    arch: str, name: str, *arguments: int, capabilities: frozenset[str] = DEFAULT_CAPABILITIES, emulate: bool = False
) -> int:
    """The filter's answer to a call."""
    number = NUMBERS[name][list(ARCHITECTURES).index(arch)]
    assert number is not None
    return judge(program(capabilities, arch, emulate), ARCHITECTURES[arch], number, arguments)


def calls_of(arch: str) -> set[str]:
    """All calls that an architecture has."""
    return {name for name, numbers in NUMBERS.items() if numbers[list(ARCHITECTURES).index(arch)] is not None}


@each_architecture
@pytest.mark.parametrize("capabilities", [NONE, DEFAULT_CAPABILITIES, EVERY])
def test_of_all_calls_those_of_the_profile_are_allowed(arch: str, capabilities: frozenset[str]) -> None:
    granted = {name for capability in capabilities for name in profile.BY_CAPABILITY.get(capability, "").split()}
    for name in calls_of(arch) - CONDITIONAL:
        expected = ALLOWED if name in profile.ALLOWED | granted else REFUSED
        assert said(arch, name, capabilities=capabilities) == expected, name


@each_architecture
def test_of_all_calls_the_emulation_changes_its_own_only(arch: str) -> None:
    for name in calls_of(arch) - CONDITIONAL - profile.DEVICE_MAKERS.keys():
        plain, emulated = said(arch, name), said(arch, name, emulate=True)
        assert emulated == (PRETENDED if name in profile.EMULATED else plain), name


@each_architecture
def test_the_profile_names_calls_that_there_are(arch: str) -> None:
    del arch
    named = profile.ALLOWED | profile.EMULATED | CONDITIONAL | set(profile.DEVICE_MAKERS)
    assert {*named, *" ".join(profile.BY_CAPABILITY.values()).split()} <= NUMBERS.keys()


@each_architecture
def test_the_kernels_dangerous_parts_are_refused(arch: str) -> None:
    names = (
        "mount keyctl add_key bpf kexec_load userfaultfd io_uring_setup unshare setns open_by_handle_at reboot swapon"
    )
    for name in names.split():
        assert said(arch, name) == REFUSED, name


@each_architecture
def test_sockets_of_two_families_are_refused(arch: str) -> None:
    assert {family for family in range(50) if said(arch, "socket", family) != ALLOWED} == {38, 40}
    assert said(arch, "socket", 40 | 1 << 32) == REFUSED, "the kernel looks at the lower half only"


@each_architecture
def test_a_few_personalities_may_be_had(arch: str) -> None:
    values = {0, 8, 0x20000, 0x20008, 0xFFFFFFFF}
    assert {
        value for value in {*values, 1, 9, 0x40000, 0x20009} if said(arch, "personality", value) == ALLOWED
    } == values


@each_architecture
def test_clone_makes_processes_and_threads_but_no_namespaces(arch: str) -> None:
    for flags in (17, 0x3D0F00, 0x80):  # fork, pthread_create, a signal's number
        assert said(arch, "clone", flags) == ALLOWED
    for bit in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert said(arch, "clone", bit | 17) == REFUSED
        assert said(arch, "clone", bit | 17, capabilities=frozenset({"SYS_ADMIN"})) == ALLOWED


@each_architecture
def test_clone3_is_unknown_so_that_libraries_fall_back(arch: str) -> None:
    assert said(arch, "clone3") == UNKNOWN
    assert said(arch, "clone3", capabilities=frozenset({"SYS_ADMIN"})) == ALLOWED


@each_architecture
def test_devices_seem_to_be_made_and_everything_else_is(arch: str) -> None:
    for name, mode_at in profile.DEVICE_MAKERS.items():
        if name not in calls_of(arch):
            continue
        before = [0] * mode_at
        for kind, expected in ((0o020000, PRETENDED), (0o060000, PRETENDED), (0o010000, ALLOWED), (0o100000, ALLOWED),
                               (0o140000, ALLOWED), (0, ALLOWED)):  # fmt: skip
            assert said(arch, name, *before, kind | 0o644, emulate=True) == expected
            assert said(arch, name, *before, kind | 0o644) == ALLOWED


@each_architecture
def test_a_call_that_is_newer_than_the_table_is_unknown(arch: str) -> None:
    filter_ = program(DEFAULT_CAPABILITIES, arch, False)  # noqa: FBT003 - no emulation
    for number in (463, 1000, 0x40000000, 0x40000000 + 39, 0xFFFFFFFF):  # from 0x40000000 on: x86-64's 32-bit cousin
        assert judge(filter_, ARCHITECTURES[arch], number) == UNKNOWN


@each_architecture
def test_another_architectures_calls_are_refused(arch: str) -> None:
    filter_ = program(DEFAULT_CAPABILITIES, arch, False)  # noqa: FBT003 - no emulation
    for other in {0x40000003, 0x40000028, 0xC000003E, 0xC00000B7, 0} - {ARCHITECTURES[arch]}:
        assert {judge(filter_, other, number) for number in range(500)} == {REFUSED}


def test_a_machine_without_a_filter_is_named() -> None:
    with pytest.raises(RuntimeFailure, match="none for riscv64"):
        program(NONE, "riscv64", False)  # noqa: FBT003 - no emulation
