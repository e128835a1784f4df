"""Limits of memory, processes and CPU time; where there is no cgroup, the engine says so and goes on."""

from __future__ import annotations

import pytest
from docker.models.containers import Container

from tests.contract.peer import Peer


@pytest.fixture
def limits(peer: Peer) -> Peer:
    """An engine that can limit; the others are skipped, visibly."""
    told = peer.ask("GET", "/info").json
    if not (told["MemoryLimit"] and told["PidsLimit"]):
        pytest.skip("limited: this engine has no cgroups here")
    return peer


def state(container: Container) -> dict[str, object]:
    """As inspect tells it."""
    container.reload()
    return dict(container.attrs["State"])


def test_memory_beyond_the_limit_kills(limits: Peer) -> None:
    """Code 137, and inspect says why."""
    container = limits.start(
        "perl", "-e", "my $x = 'x' x (256 << 20); print length $x", mem_limit="32m", memswap_limit="32m"
    )
    assert container.wait()["StatusCode"] == 137
    assert state(container)["OOMKilled"] is True


def test_memory_within_the_limit_is_fine(limits: Peer) -> None:
    """Nothing is killed."""
    container = limits.start("perl", "-e", "my $x = 'x' x (8 << 20); print length $x", mem_limit="64m")
    assert container.wait()["StatusCode"] == 0
    assert (container.logs(), state(container)["OOMKilled"]) == (b"8388608", False)


def test_processes_beyond_the_limit_are_refused(limits: Peer) -> None:
    """Fork fails inside; the host goes on."""
    script = "for (1..10) { defined(my $pid = fork) or do { print qq($_ $!); exit }; $pid or do { sleep 9; exit } }"
    container = limits.start("perl", "-e", script, pids_limit=5)
    container.wait()
    assert container.logs() == b"5 Resource temporarily unavailable"


def test_limits_are_told_by_inspect(limits: Peer) -> None:
    """As they were asked for; swap is twice the memory where it is not told."""
    container = limits.create("true", mem_limit="64m", pids_limit=7, cpu_quota=50000, cpu_period=100000, cpu_shares=512)
    container.reload()
    host = container.attrs["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (64 << 20, 128 << 20, 7)
    assert (host["CpuQuota"], host["CpuPeriod"], host["CpuShares"]) == (50000, 100000, 512)


def test_engine_without_cgroups_warns_and_runs(peer: Peer) -> None:
    """At create, in ``Warnings``, as Docker does for a limit that the kernel cannot keep."""
    if peer.ask("GET", "/info").json["MemoryLimit"]:
        pytest.skip("this engine can limit")
    answer = peer.ask(
        "POST", "/containers/create", {"Image": "contract", "Cmd": ["true"], "HostConfig": {"Memory": 64 << 20}}
    )
    assert answer.status == 201
    assert any("memory" in warning.lower() for warning in answer.json["Warnings"])
    assert peer.ask("POST", f"/containers/{answer.json['Id']}/start").status == 204
