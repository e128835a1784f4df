"""Mounts in the container, each held by descriptor until it is in its place."""

from __future__ import annotations

import os
import stat

from labrunner.runtime import syscalls
from labrunner.runtime.perform.context import Context
from labrunner.runtime.perform.targets import is_folder, made, opened, require_type
from labrunner.runtime.plan import operations as do
from labrunner.runtime.plan.operations import Restriction

_ATTRIBUTES = {
    Restriction.READ_ONLY: syscalls.MOUNT_ATTR_RDONLY,
    Restriction.NO_SET_ID: syscalls.MOUNT_ATTR_NOSUID,
    Restriction.NO_DEVICES: syscalls.MOUNT_ATTR_NODEV,
    Restriction.NO_EXECUTING: syscalls.MOUNT_ATTR_NOEXEC,
}
_NULL = os.makedev(1, 3)
#: Without it a folder that is removed and made again gives EIO. It takes none of the options below, and needs none.
_IN_USER_NAMESPACE = ",userxattr"
#: Without what some kernels switch on by default, and a layer made of ``upper`` could not say.
_PLAIN = ",redirect_dir=off,metacopy=off,index=off"


def _attributes(restrictions: frozenset[Restriction]) -> int:
    return sum(_ATTRIBUTES[one] for one in restrictions)


def keep_private(_: do.KeepMountsPrivate, __: Context) -> None:
    """Cut the propagation both ways; the zygote's mounts were slaves of the host's."""
    syscalls.mount(None, "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)


def stack(operation: do.StackLayers, context: Context) -> None:
    """Mount in the old way: fsconfig(2) takes 256 bytes at most, which many layers exceed before Linux 6.5."""
    os.chdir(operation.layers)
    extra = _IN_USER_NAMESPACE if operation.in_user_namespace else _PLAIN
    upper, work = (_escaped(path) for path in (operation.upper, operation.work))
    parts = f"lowerdir={':'.join(operation.lowers)},upperdir={upper},workdir={work}{extra}"
    syscalls.mount("overlay", operation.upper, "overlay", 0, parts)
    context.change_root(operation.upper)


def _escaped(path: str) -> str:
    """A path as an overlay's option, in which a comma and a colon separate."""
    return path.replace("\\", r"\\").replace(",", r"\,").replace(":", r"\:")


def use_folder(operation: do.UseFolder, context: Context) -> None:
    """Bind the folder to itself, since a root has to be a mount."""
    syscalls.mount(operation.folder, operation.folder, None, syscalls.MS_BIND | syscalls.MS_REC)
    context.change_root(operation.folder)


def mount_new(operation: do.MountNew, context: Context) -> None:
    """Mount a new file system on a folder."""
    mount = syscalls.new_mount(operation.kind, operation.options, _attributes(operation.restrictions))
    _place(mount, context, operation.target, folder=True)


def bind_host(operation: do.BindHost, context: Context) -> None:
    """Mount a part of the host; nothing is mounted over what the kernel shows (CVE-2019-16884)."""
    mount = syscalls.copy_mount(syscalls.AT_FDCWD, operation.source, recursive=True)
    if operation.restrictions:
        syscalls.restrict_mount(mount, _attributes(operation.restrictions), recursive=True)
    _place(mount, context, operation.target, folder=is_folder(mount))


def _place(mount: int, context: Context, target: str, *, folder: bool) -> None:
    try:
        with made(context.root, target, folder=folder) as place:
            if syscalls.file_system_type(place) == syscalls.PROC_SUPER_MAGIC:
                raise OSError(0, "nothing may be mounted inside /proc")
            syscalls.place_mount(mount, place)
    finally:
        os.close(mount)


def restrict(operation: do.Restrict, context: Context) -> None:
    """Restrict what is mounted; the root itself is the mount that is open."""
    attributes = _attributes(operation.restrictions)
    if operation.target == "/":
        syscalls.restrict_mount(context.root, attributes)
        return
    with opened(context.root, operation.target) as mount:
        syscalls.restrict_mount(mount, attributes)


def freeze(operation: do.Freeze, context: Context) -> None:
    """Mount the path upon itself, read-only."""
    try:
        with opened(context.root, operation.target) as place:
            require_type(place, syscalls.PROC_SUPER_MAGIC, syscalls.SYSFS_MAGIC)
            mount = syscalls.copy_mount(place, "", recursive=True)
            syscalls.restrict_mount(mount, syscalls.MOUNT_ATTR_RDONLY, recursive=True)
            _cover(mount, place)
    except FileNotFoundError:
        return


def mask(operation: do.Mask, context: Context) -> None:
    """Mount an empty read-only folder or /dev/null, which is looked at before it is trusted (CVE-2025-31133)."""
    try:
        with opened(context.root, operation.target) as place:
            require_type(place, syscalls.PROC_SUPER_MAGIC, syscalls.SYSFS_MAGIC)
            if is_folder(place):
                _cover(syscalls.new_mount("tmpfs", (), syscalls.MOUNT_ATTR_RDONLY), place)
                return
            with opened(context.root, "/dev/null") as null:
                found = os.fstat(null)
                if not stat.S_ISCHR(found.st_mode) or found.st_rdev != _NULL:
                    raise OSError(0, "/dev/null is not the device that it should be")
                _cover(syscalls.copy_mount(null, ""), place)
    except FileNotFoundError:
        return


def _cover(mount: int, place: int) -> None:
    try:
        syscalls.place_mount(mount, place)
    finally:
        os.close(mount)


def enter_root(_: do.EnterRoot, context: Context) -> None:
    """Put the old root upon the new one and take it away, which needs no folder for it (pivot_root(2))."""
    os.fchdir(context.root)
    syscalls.pivot_root(".", ".")
    syscalls.umount(".", syscalls.MNT_DETACH)
    os.chdir("/")
    context.change_root("/")
