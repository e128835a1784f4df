"""Ways from a container into the kernel of its host: control groups, devices, namespaces, other kinds of sockets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contract.peer import Peer, beside
from tests.contract.waiting import until

#: What makes a container weak: Docker's ``--cap-add SYS_ADMIN --security-opt seccomp=unconfined``.
WEAK: dict[str, Any] = {"cap_add": ["SYS_ADMIN"], "security_opt": ["seccomp=unconfined"]}
#: The hierarchies of version 1 have a program that the host's root runs when a group gets empty.
AGENT = "mount -t cgroup -o memory cgroup /desk 2>/dev/null && test -e /desk/release_agent && echo reached"


def only_root(peer: Peer, why: str) -> None:
    if peer.is_single:
        pytest.skip(why)


def only_version_1() -> None:
    if " - cgroup cgroup " not in Path("/proc/self/mountinfo").read_text():
        pytest.skip("this host has no control groups of version 1")


def test_release_agent_is_out_of_reach(peer: Peer) -> None:
    """CVE-2022-0492, with and without a user namespace. The control: a weak container mounts the hierarchy."""
    only_root(peer, "an ordinary user can mount no hierarchy, whatever the engine allows")
    only_version_1()
    assert peer.output("sh", "-c", AGENT, **WEAK) == "reached\n"
    assert peer.output("sh", "-c", AGENT) == ""
    assert "reached" not in peer.output("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", AGENT)


def test_own_control_groups_cannot_be_written(peer: Peer) -> None:
    """So a container does not lift its limits. The control: they are there to be read."""
    only_root(peer, "limited: an ordinary user gets no control groups")
    only_version_1()
    limit = "/sys/fs/cgroup/memory/memory.limit_in_bytes"
    assert peer.output("cat", limit, mem_limit="64m") == f"{64 << 20}\n"
    assert "Read-only file system" in peer.output("sh", "-c", f"echo -1 >{limit}", mem_limit="64m")
    assert "Read-only file system" in peer.output("mkdir", "/sys/fs/cgroup/memory/mine")


def test_devices_of_the_host_cannot_be_opened(peer: Peer) -> None:
    """Though root inside may make their files. The control: a usual one made in the same way works."""
    script = "mknod /tmp/{0} c {1} {2} 2>&1; head -c 1 /dev/null >/tmp/{0} 2>&1 && echo opened"
    usual = peer.output("sh", "-c", script.format("zero", 1, 5))
    log = peer.output("sh", "-c", f"{script.format('kmsg', 1, 11)}; cat /proc/self/status | grep -c . >/dev/null")
    if peer.is_single:  # nothing was made: what is opened is a file of this name
        assert peer.output("sh", "-c", "mknod /tmp/d c 1 11; test -c /tmp/d || echo none") == "none\n"
        return
    assert usual == "opened\n"
    assert "opened" not in log
    assert "Operation not permitted" in log


def test_setgroups_cannot_be_had_back(peer: Peer) -> None:
    """CVE-2014-8989: who may drop a group that is denied something gets it. The control: the host's own say allow."""
    assert Path("/proc/self/setgroups").read_text() == "allow\n"
    only = {"namespace-single": "deny\n", "namespace-root": "allow\n"}  # root has no user namespace to deny it in
    assert peer.output("cat", "/proc/self/setgroups") == only[peer.kind]
    if peer.is_single:
        said = peer.output("sh", "-c", "echo allow >/proc/self/setgroups")
        assert "denied" in said or "not permitted" in said


def test_processes_run_out_and_neighbours_go_on(peer: Peer) -> None:
    """A fork bomb. The control: it got as many as it may have."""
    only_root(peer, "limited: an ordinary user gets no control groups")
    neighbour = peer.start("sleep", "1000")
    bomb = peer.start("perl", "-e", "while (1) { fork // select(undef, undef, undef, 0.05) }", pids_limit=40)
    until(lambda: len(bomb.top()["Processes"]) >= 39)
    assert len(bomb.top()["Processes"]) <= 40
    assert beside(neighbour, "echo", "here") == "here\n"
    bomb.kill()
    assert bomb.wait()["StatusCode"] == 137
