"""Files, links, devices and kernel parameters in the container, and the names and devices of its namespaces."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct

from labrunner.runtime import syscalls
from labrunner.runtime.perform.context import Context
from labrunner.runtime.perform.targets import made, opened, require_type
from labrunner.runtime.plan import operations as do
from labrunner.runtime.plan.operations import Namespace

FLAGS = {
    Namespace.CGROUP: syscalls.CLONE_NEWCGROUP,
    Namespace.IPC: syscalls.CLONE_NEWIPC,
    Namespace.MOUNT: syscalls.CLONE_NEWNS,
    Namespace.NETWORK: syscalls.CLONE_NEWNET,
    Namespace.UTS: syscalls.CLONE_NEWUTS,
}
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1  # netdevice(7)


def unshare(operation: do.Unshare, _: Context) -> None:
    """Get all of them by one call."""
    syscalls.unshare(sum(FLAGS[one] for one in operation.namespaces))


def name_host(operation: do.NameHost, _: Context) -> None:
    """Set both names."""
    socket.sethostname(operation.name)
    syscalls.set_domain_name(operation.domain or "(none)")


def raise_loopback(_: do.RaiseLoopback, __: Context) -> None:
    """Set the flag IFF_UP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP))


def make_folder(operation: do.MakeFolder, context: Context) -> None:
    """Make it, and what is missing above it."""
    with made(context.root, operation.target, folder=True):
        pass


def make_link(operation: do.MakeLink, context: Context) -> None:
    """Make it in a folder that is there."""
    above, _, name = operation.target.rpartition("/")
    with opened(context.root, above) as parent:
        os.symlink(operation.content, name, dir_fd=parent)


def make_device(operation: do.MakeDevice, context: Context) -> None:
    """Make it in a folder that is there."""
    above, _, name = operation.target.rpartition("/")
    with opened(context.root, above) as parent:
        os.mknod(name, stat.S_IFCHR | 0o666, os.makedev(operation.major, operation.minor), dir_fd=parent)


def set_parameter(operation: do.SetKernelParameter, context: Context) -> None:
    """Write below the container's own /proc/sys."""
    path = "/proc/sys/" + operation.name.replace(".", "/")
    with opened(context.root, path, os.O_WRONLY) as file:
        require_type(file, syscalls.PROC_SUPER_MAGIC)
        os.write(file, operation.value.encode())
