"""Limits as files, and those that nobody gets, in Docker's words."""

from __future__ import annotations

import pytest

from labrunner.runtime.cgroups.limits import check, first_version, second_version
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.spec import Limits

MB = 1 << 20


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(memory=6 * MB - 1), "Minimum memory limit allowed is 6MB"),
        (
            Limits(memory=10 * MB, memory_swap=9 * MB),
            "Minimum memoryswap limit should be larger than memory limit, see usage",
        ),
        (
            Limits(memory=0, memory_swap=9 * MB),
            "You should always set the Memory limit when using Memoryswap limit, see usage",
        ),
        (
            Limits(cpu_period=999),
            "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
        ),
        (
            Limits(cpu_period=1_000_001),
            "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
        ),
        (Limits(cpu_quota=999), "CPU cfs quota can not be less than 1ms (i.e. 1000)"),
        (Limits(cpu_shares=-5), "shares: invalid argument"),
        (Limits(cpu_shares=1), "the minimum allowed cpu-shares is 2"),
        (Limits(cpu_shares=262_145), "the maximum allowed cpu-shares is 262144"),
    ],
)
def test_a_limit_that_nobody_gets_is_refused(limits: Limits, says: str) -> None:
    with pytest.raises(RuntimeFailure) as refused:
        check(limits)
    assert (refused.value.kind, refused.value.says) == (Kind.BAD_LIMIT, says)


@pytest.mark.parametrize(
    "limits",
    [
        Limits(),
        Limits(memory=6 * MB, memory_swap=6 * MB, cpu_period=1_000, cpu_quota=1_000, cpu_shares=2),
        Limits(memory=0, memory_swap=0, pids=0, cpu_quota=0, cpu_period=0, cpu_shares=0),
        Limits(memory=10 * MB, memory_swap=-1, pids=-1, cpu_quota=-1, cpu_period=1_000_000, cpu_shares=262_144),
        Limits(memory_swap=10 * MB),
    ],
)
def test_other_limits_are_not(limits: Limits) -> None:
    check(limits)


def test_in_version_1_each_limit_is_a_file() -> None:
    limits = Limits(memory=10 * MB, memory_swap=-1, pids=7, cpu_quota=50_000, cpu_period=100_000, cpu_shares=512)
    assert list(first_version(limits)) == [
        ("memory", "memory.limit_in_bytes", str(10 * MB)),
        ("memory", "memory.memsw.limit_in_bytes", "-1"),
        ("pids", "pids.max", "7"),
        ("cpu", "cpu.cfs_period_us", "100000"),
        ("cpu", "cpu.cfs_quota_us", "50000"),
        ("cpu", "cpu.shares", "512"),
    ]


@pytest.mark.parametrize(
    ("limits", "files"),
    [
        (
            Limits(memory=10 * MB, memory_swap=30 * MB, pids=7, cpu_quota=50_000, cpu_shares=1024),
            {
                "memory.max": str(10 * MB),
                "memory.swap.max": str(20 * MB),
                "pids.max": "7",
                "cpu.max": "50000 200000",
                "cpu.weight": "39",
            },
        ),
        (Limits(memory_swap=100 * MB), {"memory.swap.max": str(36 * MB)}),  # of which memory has 64 now
        (Limits(memory_swap=-1), {"memory.swap.max": "max"}),
        (Limits(memory=-1, pids=-1, cpu_quota=-1), {"memory.max": "max", "pids.max": "max", "cpu.max": "max 200000"}),
        (Limits(cpu_period=50_000), {"cpu.max": "25000 50000"}),
        (Limits(cpu_shares=2), {"cpu.weight": "1"}),
        (Limits(cpu_shares=262_144), {"cpu.weight": "10000"}),
        (Limits(), {}),
    ],
)
def test_in_version_2_swap_is_counted_by_itself(limits: Limits, files: dict[str, str]) -> None:
    assert dict(second_version(limits, memory=64 * MB, cpu="25000 200000")) == files


def test_what_is_not_limited_is_not_written() -> None:
    assert not list(first_version(Limits()))
    assert [content for _, _, content in first_version(Limits(memory=0, memory_swap=0, pids=0, cpu_quota=0))] == [
        "-1",
        "-1",
        "max",
        "-1",
    ]
