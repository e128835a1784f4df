"""What a container must not do or see: the same answers as Docker's, which are written down here."""

from __future__ import annotations

import os

import pytest

from tests.contract.peer import Peer, beside

#: Docker's default capabilities as a mask (capabilities(7)).
DEFAULT = "00000000a80425fb"
#: Prints the error of a system call; perl hands it variables only.
SYSCALL = "my @a = ({arguments}); my $r = syscall({number}, @a); print $r == -1 ? $!+0 : 'done', qq(\\n)"


def status_of(peer: Peer, *fields: str, **settings: object) -> dict[str, str]:
    """Fields of the first process's /proc/self/status."""
    told = peer.output("cat", "/proc/self/status", **settings)
    rows = dict(line.split(":\t", 1) for line in told.splitlines() if ":\t" in line)
    return {field: rows[field].strip() for field in fields}


def test_status_of_the_first_process_is_as_dockers(peer: Peer) -> None:
    """Capabilities and seccomp filter; no new privileges where the kernel asks for it, with a single ID."""
    told = status_of(peer, "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "Seccomp", "NoNewPrivs", "NSpid", "Groups")
    none = "0" * 16
    groups = "" if peer.is_single else "0"
    assert told == {
        "CapInh": none, "CapPrm": DEFAULT, "CapEff": DEFAULT, "CapBnd": DEFAULT, "CapAmb": none,
        "Seccomp": "2", "NoNewPrivs": "1" if peer.is_single else "0", "NSpid": "1", "Groups": groups,
    }  # fmt: skip


def test_ordinary_user_has_no_capability(peer: Peer) -> None:
    """But those that it may get back."""
    if peer.is_single:
        pytest.skip("limited: an engine with a single ID keeps every process root of its namespace")
    told = status_of(peer, "CapPrm", "CapEff", "CapBnd", "CapAmb", user="learner")
    none = "0" * 16
    assert told == {"CapPrm": none, "CapEff": none, "CapBnd": DEFAULT, "CapAmb": none}


def test_capabilities_of_the_request(peer: Peer) -> None:
    """Dropped, added, with and without the prefix, all of them."""
    assert status_of(peer, "CapEff", cap_drop=["ALL"])["CapEff"] == "0" * 16
    one = status_of(peer, "CapEff", "CapBnd", cap_drop=["ALL"], cap_add=["CHOWN"])
    assert one == {"CapEff": "0000000000000001", "CapBnd": "0000000000000001"}
    assert status_of(peer, "CapEff", cap_drop=["CAP_CHOWN"])["CapEff"] == "00000000a80425fa"
    assert status_of(peer, "CapEff", cap_add=["NET_ADMIN"])["CapEff"] == "00000000a80435fb"


def test_exec_has_the_same_rights(peer: Peer) -> None:
    """Capabilities, filter, privileges."""
    container = peer.start("sleep", "1000")
    fields = "^(Cap|Seccomp:|NoNewPrivs)"
    first = beside(container, "grep", "-E", fields, "/proc/1/status")
    assert beside(container, "grep", "-E", fields, "/proc/self/status") == first


def test_no_new_privileges_where_asked_for(peer: Peer) -> None:
    """``--security-opt no-new-privileges``."""
    assert status_of(peer, "NoNewPrivs", security_opt=["no-new-privileges"])["NoNewPrivs"] == "1"


def test_seccomp_can_be_switched_off(peer: Peer) -> None:
    """``seccomp=unconfined``; the way with a single ID keeps the filter that it lives by."""
    told = status_of(peer, "Seccomp", security_opt=["seccomp=unconfined"])["Seccomp"]
    assert told == ("2" if peer.is_single else "0")


@pytest.mark.parametrize(
    ("name", "number", "arguments"),
    [
        ("keyctl", 250, "0, 0, 0"),
        ("mount", 165, "'none', '/desk', 'tmpfs', 0, 0"),
        ("unshare", 272, "0x10000000"),
        ("bpf", 321, "0, 0, 0"),
        ("perf_event_open", 298, "0, 0, -1, -1, 0"),
        ("userfaultfd", 323, "0"),
        ("reboot", 169, "0, 0, 0"),
        ("swapon", 167, "'/x', 0"),
        ("kexec_load", 246, "0, 0, 0, 0"),
        ("add_key", 248, "'user', 'x', 'y', 1, 0"),
        ("open_by_handle_at", 304, "0, 0, 0"),
        ("setns", 308, "0, 0"),
        ("pivot_root", 155, "'/x', '/y'"),
        ("init_module", 175, "0, 0, 0"),
    ],
)
def test_system_call_is_refused(peer: Peer, name: str, number: int, arguments: str) -> None:
    """With EPERM, though the process is root inside."""
    if peer.ask("GET", "/info").json["Architecture"] != "x86_64":
        pytest.skip("the numbers are those of x86-64")
    script = SYSCALL.format(number=number, arguments=arguments)
    assert peer.output("perl", "-e", script).strip() == "1", name


def test_clone3_says_that_it_is_unknown(peer: Peer) -> None:
    """ENOSYS, so that libraries fall back to clone, whose flags a filter can read."""
    if peer.ask("GET", "/info").json["Architecture"] != "x86_64":
        pytest.skip("the numbers are those of x86-64")
    assert peer.output("perl", "-e", SYSCALL.format(number=435, arguments="0, 0")).strip() == "38"


def test_user_namespace_is_refused(peer: Peer) -> None:
    """unshare(1) cannot make one."""
    assert "Operation not permitted" in peer.output("unshare", "--user", "true")


def test_mount_is_refused(peer: Peer) -> None:
    """mount(8) cannot do it."""
    assert "permission denied" in peer.output("mount", "-t", "tmpfs", "none", "/desk").lower()


def test_masked_paths_are_empty(peer: Peer) -> None:
    """A file that is masked reads as nothing, a folder has nothing."""
    files = "for f in kcore keys timer_list sched_debug; do test -e /proc/$f && wc -c </proc/$f; done"
    folders = "for d in /proc/acpi /proc/scsi /sys/firmware; do test -e $d && ls -A $d; done; true"
    assert set(peer.output("sh", "-c", files).split()) <= {"0"}
    assert peer.output("sh", "-c", folders) == ""


@pytest.mark.parametrize(
    "path", ["/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/sys/kernel"]
)
def test_read_only_paths_take_nothing(peer: Peer, path: str) -> None:
    """Though the process is root inside."""
    told = peer.output("sh", "-c", f"if test -d {path}; then touch {path}/x; else echo x >{path}; fi")
    assert any(
        word in told for word in ("Read-only file system", "Permission denied", "No such file", "nonexistent")
    ), told


def test_namespaces_are_its_own(peer: Peer) -> None:
    """PID, mount, UTS, IPC and network always; user where the engine is an ordinary user's."""
    kinds = ["pid", "mnt", "uts", "ipc", "net", "user"]
    container = peer.start("sleep", "1000")
    inside = beside(container, "readlink", *(f"/proc/1/ns/{kind}" for kind in kinds)).split()
    outside = [os.readlink(f"/proc/self/ns/{kind}") for kind in kinds]  # noqa: PTH115 - no file is meant
    shared = {kind for kind, one, other in zip(kinds, inside, outside, strict=True) if one == other}
    assert shared == (set() if peer.is_single else {"user"})


def test_network_is_loopback_only(peer: Peer) -> None:
    """For ``none``, and for the default of an engine without networks; loopback is up."""
    script = "cut() { while read l; do case $l in *:*) echo ${l%%:*};; esac; done; }; cut </proc/net/dev"
    for settings in ({"network_mode": "none"}, {"network_mode": None}):
        assert peer.output("sh", "-c", script, **settings).split() == ["lo"]
    assert peer.output("bash", "-c", "exec 3<>/dev/udp/127.0.0.1/9 && echo up", network_mode="none") == "up\n"


def test_host_network_is_the_engines(peer: Peer) -> None:
    """``--network host``: the network namespace of the engine's process."""
    container = peer.start("sleep", "1000", network_mode="host")
    container.reload()
    pid = container.attrs["State"]["Pid"]
    assert os.readlink(f"/proc/{pid}/ns/net") == os.readlink(f"/proc/{peer.pid}/ns/net")  # noqa: PTH115 - no file is meant


def test_kernel_settings_of_networks_are_as_dockers(peer: Peer) -> None:
    """An ordinary user may listen on port 80 and ping; a range of groups ends where the namespace's IDs end."""
    names = "net/ipv4/ip_unprivileged_port_start net/ipv4/ping_group_range"
    told = peer.output("sh", "-c", f"cd /proc/sys; cat {names}", network_mode="none")
    assert told.split() == ["0", "0", "0" if peer.is_single else "2147483647"]
