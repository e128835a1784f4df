"""The world that a container's first process sees: namespaces, root, mounts, devices, names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from labrunner.runtime import folder
from labrunner.runtime.modes import Mode
from labrunner.runtime.plan import operations as do
from labrunner.runtime.plan.operations import NO_PROGRAMS, Namespace, Restriction
from labrunner.runtime.plan.process import process
from labrunner.runtime.spec import ContainerSpec, Network, Process

_DEVICES = (("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0))
_LINKS = (
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
    ("core", "/proc/kcore"),
)
_READ_ONLY = frozenset({Restriction.READ_ONLY})
_TTY_GROUP = "5"  # Debian's and Docker's number of the group "tty"
_FORBIDS = {one.value: one for one in Restriction}
_ALLOWS = {
    "rw": Restriction.READ_ONLY,
    "suid": Restriction.NO_SET_ID,
    "dev": Restriction.NO_DEVICES,
    "exec": Restriction.NO_EXECUTING,
}


@dataclass(frozen=True, slots=True)
class Host:
    """What the plan has to know of the host.

    ``cgroup_version`` is 0 where there are none; ``cgroups`` are version 1's folders of the container, by controller.
    Where no group ``refuses_devices``, the container's root must have none, and nobody in it may make one.
    """

    mode: Mode
    cgroup_version: int = 0
    cgroups: tuple[tuple[str, str], ...] = ()
    refuses_devices: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What the first process does at once, before it waits, and what it does when it is let go."""

    parked: tuple[do.Operation, ...]
    started: tuple[do.Operation, ...]


def container(spec: ContainerSpec, host: Host) -> Plan:
    """What a new process in a PID namespace of its own does to become the container's first process."""
    first = process(allowed(spec.process, host), host.mode, first=True, init=spec.init)
    return Plan(tuple(_parked(spec)), (*_world(spec, host), *first))


def allowed(wanted: Process, host: Host) -> Process:
    """The process with the capabilities that it may have on this host."""
    if host.refuses_devices or host.mode is Mode.SINGLE:
        return wanted
    return msgspec.structs.replace(wanted, capabilities=wanted.capabilities - {"MKNOD"})


def joined(spec: ContainerSpec, host: Host) -> frozenset[Namespace]:
    """The namespaces that another process joins to be in the container."""
    always = frozenset({Namespace.IPC, Namespace.MOUNT, Namespace.UTS})
    network = frozenset() if spec.network is Network.HOST else frozenset({Namespace.NETWORK})
    cgroup = frozenset({Namespace.CGROUP}) if host.cgroup_version == 2 else frozenset()  # noqa: PLR2004 - cgroups(7)
    return always | network | cgroup


def _parked(spec: ContainerSpec) -> Iterator[do.Operation]:
    """What nobody sees before the start, and what takes the kernel long."""
    network = spec.network is not Network.HOST
    yield do.Unshare(
        frozenset({Namespace.IPC, Namespace.UTS}) | (frozenset({Namespace.NETWORK}) if network else frozenset())
    )
    yield do.NameHost(spec.hostname, spec.domainname)
    if network:
        yield do.RaiseLoopback()


def _world(spec: ContainerSpec, host: Host) -> Iterator[do.Operation]:
    namespaces = joined(spec, host) & {Namespace.MOUNT, Namespace.CGROUP}
    if Namespace.CGROUP in namespaces:  # which begins at the group that we are in
        yield do.AwaitGroup()
    yield do.Unshare(namespaces)
    yield do.KeepMountsPrivate()
    root, single = spec.rootfs, host.mode is Mode.SINGLE
    if root.copied:
        yield do.UseFolder(root.upper)
    else:
        yield do.StackLayers(root.layers, root.lowers, root.upper, root.work, in_user_namespace=single)
    if not (host.refuses_devices or single):  # in a user namespace no device can be made
        yield do.Restrict("/", frozenset({Restriction.NO_DEVICES}))
    asked = sorted(_asked(spec), key=lambda mount: mount.target.rstrip("/").count("/"))
    taken = {mount.target.rstrip("/") for mount in asked}
    for operation in _usual(spec, host):
        if not _hidden(operation, taken):
            yield operation
    yield from asked
    yield do.MakeFolder(spec.process.cwd)  # as Docker does
    if spec.read_only:
        yield do.Restrict("/", _READ_ONLY)
    for name, value in _parameters(spec, single=single):
        yield do.SetKernelParameter(name, value)
    yield from (do.Freeze(target) for target in spec.readonly)
    yield from (do.Mask(target) for target in spec.masked)
    yield do.EnterRoot()
    if Namespace.CGROUP not in namespaces:  # as late as can be: an idle kernel takes longer for it than for all this
        yield do.AwaitGroup()


def _usual(spec: ContainerSpec, host: Host) -> Iterator[do.Operation]:
    single = host.mode is Mode.SINGLE
    yield do.MountNew("proc", "/proc", restrictions=NO_PROGRAMS)
    if single and spec.network is Network.HOST:  # the kernel gives a new /sys to whoever owns the network namespace
        yield do.BindHost("/sys", "/sys", _READ_ONLY | NO_PROGRAMS)
    else:
        yield do.MountNew("sysfs", "/sys", restrictions=_READ_ONLY | NO_PROGRAMS)
        yield from _control_groups(host)
    yield do.MountNew("tmpfs", "/dev", (("mode", "755"), ("size", "65536k")), frozenset({Restriction.NO_SET_ID}))
    for name, major, minor in _DEVICES:
        yield do.BindHost(f"/dev/{name}", f"/dev/{name}") if single else do.MakeDevice(f"/dev/{name}", major, minor)
    for name, content in _LINKS:
        yield do.MakeLink(f"/dev/{name}", content)
    for name in ("pts", "shm", "mqueue"):
        yield do.MakeFolder(f"/dev/{name}")
    group = () if single else (("gid", _TTY_GROUP),)
    terminals = (("newinstance", ""), ("ptmxmode", "0666"), ("mode", "0620"), *group)
    yield do.MountNew("devpts", "/dev/pts", terminals, NO_PROGRAMS - {Restriction.NO_DEVICES})
    shared = (("mode", "1777"), ("size", str(spec.shm_bytes)))
    yield do.MountNew("tmpfs", "/dev/shm", shared, NO_PROGRAMS)  # noqa: S108 - in the container
    yield do.MountNew("mqueue", "/dev/mqueue", restrictions=NO_PROGRAMS)
    for name in (folder.HOSTNAME, folder.HOSTS, folder.RESOLV_CONF):
        yield do.BindHost(f"{spec.folder}/{name}", f"/etc/{name}")


def _control_groups(host: Host) -> Iterator[do.Operation]:
    """The container's own groups, read-only, where programs look for them."""
    if host.cgroup_version == 2:  # noqa: PLR2004 - cgroups(7)
        yield do.MountNew("cgroup2", "/sys/fs/cgroup", restrictions=_READ_ONLY | NO_PROGRAMS)
    elif host.cgroups:
        yield do.MountNew("tmpfs", "/sys/fs/cgroup", (("mode", "755"),), NO_PROGRAMS)
        for controller, path in host.cgroups:
            yield do.BindHost(path, f"/sys/fs/cgroup/{controller}", _READ_ONLY | NO_PROGRAMS)
        yield do.Restrict("/sys/fs/cgroup", _READ_ONLY)


def _asked(spec: ContainerSpec) -> Iterator[do.BindHost | do.MountNew]:
    for bind in spec.binds:
        yield do.BindHost(bind.source, bind.target, _READ_ONLY if bind.read_only else frozenset())
    for tmpfs in spec.tmpfs:
        words = tmpfs.options.split(",")
        restrictions = NO_PROGRAMS | {_FORBIDS[word] for word in words if word in _FORBIDS}
        restrictions -= {_ALLOWS[word] for word in words if word in _ALLOWS}
        options = tuple(word.partition("=")[::2] for word in words if "=" in word)
        yield do.MountNew("tmpfs", tmpfs.target, options, restrictions)


def _hidden(operation: do.Operation, taken: set[str]) -> bool:
    """Whether what was asked for takes the place of a usual mount; who asks for /dev has all of it."""
    target = getattr(operation, "target", "")
    return target in taken or ("/dev" in taken and target.startswith("/dev/"))


def _parameters(spec: ContainerSpec, *, single: bool) -> Iterator[tuple[str, str]]:
    for name, value in spec.sysctls:
        if spec.network is Network.HOST and name.startswith("net."):
            continue  # the host's own
        # With a single id there is one group only, and the kernel refuses a range with others in it.
        yield name, "0 0" if single and name == "net.ipv4.ping_group_range" else value
