"""The plan of a container, compared as a whole and in what matters most."""

from __future__ import annotations

from typing import Any

import pytest

from labrunner.runtime.modes import Mode
from labrunner.runtime.plan import operations as do
from labrunner.runtime.plan.container import Host, container, joined
from labrunner.runtime.plan.operations import NO_PROGRAMS, Namespace, Restriction
from labrunner.runtime.plan.process import process
from labrunner.runtime.spec import Bind, ContainerSpec, Network, Process, Rlimit, Rootfs, Seccomp, Tmpfs

ROOT = Host(Mode.ROOT, cgroup_version=2, refuses_devices=True)
SINGLE = Host(Mode.SINGLE)


def spec(**fields: Any) -> ContainerSpec:  # noqa: ANN401 - the fields of a container
    """A container in /run/c."""
    root = Rootfs(layers="/layers", lowers=("b", "a"), upper="/run/c/upper", work="/run/c/work")
    wanted = Process(args=("true",), env=("A=b",), user="alice", cwd="/home", capabilities=frozenset({"KILL"}))
    defaults = {"masked": (), "readonly": (), "sysctls": (), "process": wanted, "rootfs": root}
    return ContainerSpec(id="c", folder="/run/c", hostname="box", **{**defaults, **fields})


def names(operations: tuple[do.Operation, ...]) -> list[str]:
    """The operations' names only."""
    return [type(operation).__name__ for operation in operations]


def test_what_waits_has_made_no_mount() -> None:
    parked = container(spec(), ROOT).parked
    assert parked == (
        do.Unshare(frozenset({Namespace.IPC, Namespace.UTS, Namespace.NETWORK})),
        do.NameHost("box", ""),
        do.RaiseLoopback(),
    )


def test_a_process_gives_up_its_rights_in_the_one_order_that_works() -> None:
    kept = frozenset({"KILL"})
    wanted = Process(
        args=("true",), user="1:2", cwd="/x", capabilities=kept, rlimits=(Rlimit(name="core", soft=0, hard=-1),)
    )
    assert process(wanted, Mode.ROOT, first=True) == (
        do.SetLimit("core", 0, -1),
        do.FindUser("1:2", ()),
        do.EnterFolder("/x"),
        do.DropCapabilities(kept),
        do.FilterCalls(kept, emulate=False),
        do.BecomeUser(),
        do.SettleCapabilities(kept),
        do.DieWithParent(),
        do.Execute(("true",), ()),
    )


def test_a_filter_follows_no_new_privileges() -> None:
    wanted = Process(args=("true",), no_new_privileges=True)
    assert names(process(wanted, Mode.ROOT))[-4:] == ["SettleCapabilities", "GainNothing", "FilterCalls", "Execute"]


def test_a_single_id_becomes_nobody_else_and_is_always_filtered() -> None:
    wanted = Process(args=("true",), seccomp=Seccomp.UNCONFINED)
    assert "BecomeUser" not in names(process(wanted, Mode.SINGLE))
    assert names(process(wanted, Mode.SINGLE))[-3:] == ["GainNothing", "FilterCalls", "Execute"]
    assert "FilterCalls" not in names(process(wanted, Mode.ROOT))


def test_layers_are_stacked_before_anything_is_mounted_and_the_root_is_entered_last() -> None:
    started = names(container(spec(), ROOT).started)
    assert started[:5] == ["AwaitGroup", "Unshare", "KeepMountsPrivate", "StackLayers", "MountNew"]
    inside = started[started.index("EnterRoot") :]
    assert not {"MountNew", "BindHost", "MakeDevice", "Mask", "Freeze", "Restrict"} & set(inside)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_the_program_waits_for_its_group_once(version: int) -> None:
    started = names(container(spec(), Host(Mode.ROOT, version)).started)
    assert started.count("AwaitGroup") == 1
    assert (started.index("AwaitGroup") < started.index("Unshare")) is (version == 2)


def test_a_copied_root_is_no_overlay() -> None:
    root = Rootfs(layers="/layers", lowers=("a",), upper="/run/c/upper", work="/run/c/work", copied=True)
    started = container(spec(rootfs=root), ROOT).started
    assert do.UseFolder("/run/c/upper") in started
    assert "StackLayers" not in names(started)


def test_sys_is_new_unless_a_user_namespace_has_the_hosts_network() -> None:
    fresh = do.MountNew("sysfs", "/sys", restrictions=NO_PROGRAMS | {Restriction.READ_ONLY})
    for host in (ROOT, SINGLE):
        assert fresh in container(spec(), host).started
    assert fresh in container(spec(network=Network.HOST), ROOT).started
    assert fresh not in container(spec(network=Network.HOST), SINGLE).started


@pytest.mark.parametrize("network", list(Network))
def test_an_exec_joins_what_the_first_process_made(network: Network) -> None:
    one = spec(network=network)
    plan = container(one, ROOT)
    made = [operation.namespaces for operation in (*plan.parked, *plan.started) if isinstance(operation, do.Unshare)]
    assert frozenset().union(*made) == joined(one, ROOT)
    assert (Namespace.NETWORK in joined(one, ROOT)) is (network is not Network.HOST)


def test_the_hosts_network_keeps_its_parameters() -> None:
    sysctls = (("net.ipv4.ip_forward", "1"), ("kernel.msgmax", "1"))
    started = container(spec(network=Network.HOST, sysctls=sysctls), ROOT).started
    assert [one for one in started if isinstance(one, do.SetKernelParameter)] == [
        do.SetKernelParameter("kernel.msgmax", "1")
    ]


def test_what_was_asked_for_takes_the_place_of_what_is_usual() -> None:
    binds = (Bind(source="/mine", target="/etc/hosts", read_only=True), Bind(source="/deep", target="/a/b"))
    tmpfs = (Tmpfs(target="/a", options="size=1m,exec"), Tmpfs(target="/dev/shm"))  # noqa: S108 - in the container
    started = container(spec(binds=binds, tmpfs=tmpfs), ROOT).started
    hosts = [one for one in started if isinstance(one, do.BindHost) and one.target == "/etc/hosts"]
    assert hosts == [do.BindHost("/mine", "/etc/hosts", frozenset({Restriction.READ_ONLY}))]
    scratch = do.MountNew("tmpfs", "/a", (("size", "1m"),), NO_PROGRAMS - {Restriction.NO_EXECUTING})
    assert started.index(scratch) < started.index(do.BindHost("/deep", "/a/b"))
    assert [one.options for one in started if isinstance(one, do.MountNew) and one.target == "/dev/shm"] == [()]  # noqa: S108


def test_the_hosts_devices_take_the_place_of_all_of_ours() -> None:
    started = container(spec(binds=(Bind(source="/dev", target="/dev"),)), ROOT).started
    assert [one for one in started if getattr(one, "target", "").startswith("/dev")] == [do.BindHost("/dev", "/dev")]


def test_where_no_group_refuses_devices_nobody_makes_any() -> None:
    wanted = Process(args=("true",), capabilities=frozenset({"MKNOD", "KILL"}))
    for host, kept in ((ROOT, {"MKNOD", "KILL"}), (Host(Mode.ROOT), {"KILL"})):
        started = container(spec(process=wanted), host).started
        assert do.SettleCapabilities(frozenset(kept)) in started
        assert (do.Restrict("/", frozenset({Restriction.NO_DEVICES})) in started) is (host is not ROOT)


def test_groups_of_version_1_are_shown_read_only() -> None:
    host = Host(Mode.ROOT, 1, (("memory", "/groups/memory/c"),), refuses_devices=True)
    started = container(spec(), host).started
    own = do.BindHost("/groups/memory/c", "/sys/fs/cgroup/memory", NO_PROGRAMS | {Restriction.READ_ONLY})
    assert started.index(own) < started.index(do.Restrict("/sys/fs/cgroup", frozenset({Restriction.READ_ONLY})))
