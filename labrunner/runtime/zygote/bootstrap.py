"""The world in which the zygote and all that it forks live: its namespaces, and an interpreter nobody can write to.

It is made before the program proper is executed, so that /proc/self/exe of zygote, shim and exec is on that read-only
mount: a container that opens it for writing gets EROFS (CVE-2019-5736).
"""

from __future__ import annotations

import os
from pathlib import Path

from labrunner.runtime import folder, identity, syscalls
from labrunner.runtime.modes import Mode


def enter_namespaces(data: Path, mode: Mode) -> None:
    """Enter the user namespace of this engine, where there is to be one, and a mount namespace of our own.

    Mounts that the host makes later are seen, and ours are not seen by the host. OSError where the kernel refuses.
    """
    if mode is Mode.SINGLE and not _join_user_namespace(data):
        _make_user_namespace()
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount(None, "/", None, syscalls.MS_REC | syscalls.MS_SLAVE)


def protect(program: Path) -> None:
    """Mount a file upon itself, read-only."""
    place = os.open(program, os.O_PATH | os.O_CLOEXEC)
    mount = syscalls.copy_mount(place, "")
    syscalls.restrict_mount(mount, syscalls.MOUNT_ATTR_RDONLY)
    syscalls.place_mount(mount, place)
    os.close(mount)
    os.close(place)


def _make_user_namespace() -> None:
    """One in which we are root and nobody else is."""
    uid, gid = os.geteuid(), os.getegid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")  # before the map: CVE-2014-8989
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")


def _join_user_namespace(data: Path) -> bool:
    """Join the one of a shim that an earlier zygote left: siblings cannot join each other's network namespaces."""
    for state in _states(data):
        if identity.is_alive(state.shim_pid, state.shim_start_time, state.boot_id):
            namespace = os.open(f"/proc/{state.shim_pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
            syscalls.setns(namespace, syscalls.CLONE_NEWUSER)
            os.close(namespace)
            return True
    return False


def _states(data: Path) -> list[folder.State]:
    found = (folder.read(run, folder.STATE, folder.State) for run in (data / "run").glob("*"))
    return [state for state in found if state is not None]
