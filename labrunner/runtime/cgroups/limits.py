"""Limits as files of a control group: what Docker refuses, and what is written where. Makes no system call."""

from __future__ import annotations

from collections.abc import Iterator

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.spec import Limits

_LEAST_MEMORY = 6 << 20
_PERIODS = range(1_000, 1_000_001)
_LEAST_QUOTA = 1_000
_SHARES = range(2, 262_145)
_UNLIMITED = -1
#: The files that hold memory's two limits in version 1: writing them in the wrong order is refused.
MEMORY, MEMORY_SWAP = "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"

#: What a container may do with devices, as Docker has it: make the files of all, use null, zero, full, random, urandom,
#: tty, console, ptmx and its own terminals (devices.allow, cgroup-v1/devices in the kernel's documentation).
DEVICES = (
    "c *:* m",
    "b *:* m",
    "c 1:3 rwm",
    "c 1:5 rwm",
    "c 1:7 rwm",
    "c 1:8 rwm",
    "c 1:9 rwm",
    "c 5:0 rwm",
    "c 5:1 rwm",
    "c 5:2 rwm",
    "c 136:* rwm",
)


def check(limits: Limits) -> None:
    """RuntimeFailure (BAD_LIMIT), in Docker's words, for limits that no container gets."""
    for wrong, says in _complaints(limits):
        if wrong:
            raise RuntimeFailure(Kind.BAD_LIMIT, says)


def first_version(limits: Limits) -> Iterator[tuple[str, str, str]]:
    """Controller, file and content for each limit, in version 1. In memory's files -1 is no limit, as in Docker."""
    if limits.memory is not None:
        yield "memory", MEMORY, str(limits.memory or _UNLIMITED)
    if limits.memory_swap is not None:
        yield "memory", MEMORY_SWAP, str(limits.memory_swap or _UNLIMITED)
    if limits.pids is not None:
        yield "pids", "pids.max", _or_max(limits.pids)
    if limits.cpu_period:
        yield "cpu", "cpu.cfs_period_us", str(limits.cpu_period)
    if limits.cpu_quota is not None:
        yield "cpu", "cpu.cfs_quota_us", str(limits.cpu_quota or _UNLIMITED)
    if limits.cpu_shares:
        yield "cpu", "cpu.shares", str(limits.cpu_shares)


def second_version(limits: Limits, *, memory: int | None, cpu: str) -> Iterator[tuple[str, str]]:
    """File and content for each limit, in version 2.

    Its limit of swap does not count memory, and its quota and period are in one file: ``memory`` is the present limit
    of memory, None for none, and ``cpu`` what ``cpu.max`` has.
    """
    memory = memory if limits.memory is None else limits.memory
    if limits.memory is not None:
        yield "memory.max", _or_max(limits.memory)
    if limits.memory_swap is not None:
        unlimited = limits.memory_swap <= 0 or memory is None or memory <= 0
        yield "memory.swap.max", "max" if unlimited else str(limits.memory_swap - (memory or 0))
    if limits.pids is not None:
        yield "pids.max", _or_max(limits.pids)
    if limits.cpu_quota is not None or limits.cpu_period:
        quota, period = cpu.split()
        quota = quota if limits.cpu_quota is None else _or_max(limits.cpu_quota)
        yield "cpu.max", f"{quota} {limits.cpu_period or period}"
    if limits.cpu_shares:
        yield "cpu.weight", str(_weight(limits.cpu_shares))


def _complaints(limits: Limits) -> Iterator[tuple[bool, str]]:
    memory, swap = limits.memory or 0, limits.memory_swap or 0
    yield 0 < memory < _LEAST_MEMORY, "Minimum memory limit allowed is 6MB"
    yield (
        memory > 0 and 0 < swap < memory,
        "Minimum memoryswap limit should be larger than memory limit, see usage",
    )
    yield (
        limits.memory == 0 and swap > 0,
        "You should always set the Memory limit when using Memoryswap limit, see usage",
    )
    yield (
        bool(limits.cpu_period) and limits.cpu_period not in _PERIODS,
        "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
    )
    yield 0 < (limits.cpu_quota or 0) < _LEAST_QUOTA, "CPU cfs quota can not be less than 1ms (i.e. 1000)"
    shares = limits.cpu_shares or 0
    yield shares < 0, "shares: invalid argument"
    yield 0 < shares < _SHARES[0], f"the minimum allowed cpu-shares is {_SHARES[0]}"
    yield shares > _SHARES[-1], f"the maximum allowed cpu-shares is {_SHARES[-1]}"


def _or_max(value: int) -> str:
    return str(value) if value > 0 else "max"


def _weight(shares: int) -> int:
    """Version 1's shares (2 to 262144, usually 1024) as version 2's weight (1 to 10000), as runc 1.1 converts them."""
    return 1 + (shares - _SHARES[0]) * 9_999 // (_SHARES[-1] - _SHARES[0])
