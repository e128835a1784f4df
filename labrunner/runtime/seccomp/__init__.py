"""Which system calls a container may make: Docker's default profile, compiled to a filter of the kernel's.

``profile`` says what is allowed, ``numbers`` how the calls are numbered, ``bpf`` assembles. Nothing here makes a
system call; ``syscalls`` installs what ``program`` returns.
"""

from __future__ import annotations

import errno
from functools import cache

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.seccomp import profile
from labrunner.runtime.seccomp.bpf import AnyBit, Equal, Load, Node, Return, assemble, search
from labrunner.runtime.seccomp.numbers import NUMBERS

#: The architectures that there are filters for, and how the kernel names them to a filter (linux/audit.h).
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# struct seccomp_data: number, architecture, instruction pointer, six arguments of 64 bits, here the lower halves.
_NUMBER, _ARCHITECTURE, _ARGUMENTS, _WORD = 0, 4, 16, 8
_ERRNO = 0x00050000
_ALLOW, _REFUSE, _UNKNOWN = Return(0x7FFF0000), Return(_ERRNO | errno.EPERM), Return(_ERRNO | errno.ENOSYS)
_PRETEND = Return(_ERRNO)  # an error number of 0 is success
_FORMAT, _CHARACTER_DEVICE, _BLOCK_DEVICE = 0o170000, 0o020000, 0o060000


@cache
def program(capabilities: frozenset[str], arch: str, emulate: bool) -> bytes:  # noqa: FBT001 - see the docstring
    """The filter for a process with these capabilities, as an array of ``struct sock_filter`` (seccomp(2)).

    ``capabilities`` are names without ``CAP_``; ``arch`` is os.uname().machine. Where ``emulate``, for the way to run
    with a single id, calls that change owners, ids and capabilities and that make devices answer 0 and do nothing.
    Then install the filter after the capabilities were set, with no_new_privs; else, without no_new_privs, install it
    while CAP_SYS_ADMIN is still there, before ``capabilities.settle``. A call that is newer than our table answers
    ENOSYS, as an older kernel would, so that libraries do without; any other that is not allowed answers EPERM, and
    so does all that a program of another architecture calls. RuntimeFailure (MISSING_FEATURE) where ``arch`` is one
    that there is no filter for.
    """
    if arch not in ARCHITECTURES:
        raise RuntimeFailure(
            Kind.MISSING_FEATURE,
            f"there are filters of system calls for {' and '.join(ARCHITECTURES)}, and none for {arch}: "
            "run the container with --security-opt seccomp=unconfined",
        )
    decisions = _decisions(capabilities, emulate=emulate)
    column = list(ARCHITECTURES).index(arch)
    numbered = {numbers[column]: decisions.get(name, _REFUSE) for name, numbers in NUMBERS.items()}
    native = Load(_NUMBER, search(_ranges({number: node for number, node in numbered.items() if number is not None})))
    return assemble(Load(_ARCHITECTURE, Equal(ARCHITECTURES[arch], native, _REFUSE)))


def _decisions(capabilities: frozenset[str], *, emulate: bool) -> dict[str, Node]:
    """What becomes of each call by its name; of the others nothing good."""
    decisions: dict[str, Node] = dict.fromkeys(profile.ALLOWED, _ALLOW)
    decisions["socket"] = _if_one_of(0, tuple(profile.REFUSED_FAMILIES.values()), then=_REFUSE, otherwise=_ALLOW)
    decisions["personality"] = _if_one_of(0, profile.PERSONALITIES, then=_ALLOW, otherwise=_REFUSE)
    decisions["clone"] = Load(_argument(0), AnyBit(profile.NEW_NAMESPACES, _REFUSE, _ALLOW))
    decisions["clone3"] = _UNKNOWN  # its flags lie in memory, which no filter reads: then libraries use clone
    for capability in capabilities & profile.BY_CAPABILITY.keys():
        decisions |= dict.fromkeys(profile.BY_CAPABILITY[capability].split(), _ALLOW)
    if emulate:
        decisions |= dict.fromkeys(profile.EMULATED, _PRETEND)
        for name, argument in profile.DEVICE_MAKERS.items():
            devices = (_CHARACTER_DEVICE, _BLOCK_DEVICE)
            decisions[name] = _if_one_of(argument, devices, then=_PRETEND, otherwise=_ALLOW, bits=_FORMAT)
    return decisions


def _if_one_of(argument: int, values: tuple[int, ...], *, then: Node, otherwise: Node, bits: int = 0xFFFFFFFF) -> Node:
    """``then`` where the argument is one of the values, else ``otherwise``."""
    node = otherwise
    for value in values:
        node = Equal(value, then, node)
    return Load(_argument(argument), node, bits)


def _argument(index: int) -> int:
    return _ARGUMENTS + _WORD * index


def _ranges(decisions: dict[int, Node]) -> list[tuple[int, Node]]:
    """The numbers from 0 up as ranges of one decision; numbers without a call are refused, those beyond all unknown."""
    beyond = max(decisions) + 1
    ranges: list[tuple[int, Node]] = []
    for number in range(beyond):
        node = decisions.get(number, _REFUSE)
        if not ranges or ranges[-1][1] != node:
            ranges.append((number, node))
    return [*ranges, (beyond, _UNKNOWN)]
