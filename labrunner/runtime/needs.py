"""What containers need of this host, each tried by doing it in a short-lived process.

``python -m labrunner.runtime.needs DATA`` prints the needs as a JSON list, for who must not import this.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from labrunner.runtime import capabilities, syscalls
from labrunner.runtime.cgroups import layout
from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.modes import Mode, choose
from labrunner.runtime.trial import attempt, enter

#: File systems that are on another machine, by their magic numbers (statfs(2), linux/magic.h and their own sources):
#: there an overlay is refused, SQLite cannot share memory, and another machine's engine could come in between.
NETWORK_FILE_SYSTEMS = {
    0x6969: "NFS",
    0xFF534D42: "CIFS",
    0xFE534D42: "SMB",
    0x517B: "SMB",
    0x5346414F: "AFS",
    0x00C36400: "Ceph",
    0x01021997: "9P",
    0x0BD00BD0: "Lustre",
    0x19830326: "BeeGFS",
    0x47504653: "GPFS",
}
_SWITCHES = (
    ("user/max_user_namespaces", "0", "15000"),
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
)
#: The need without which images' files are copied.
OVERLAY = "overlay"
#: Room that the labs' images and what is built on them may take.
_ROOM = 2 << 30
#: A running container takes four descriptors of the daemon at most, and a client one.
_DESCRIPTORS = 1024


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One need. ``blocks``: without it the engine does not start, else it says so once and goes on without.

    ``says`` is what was found, one sentence; ``lifts`` the command that mends it, empty where none does.
    """

    name: str
    ok: bool
    blocks: bool
    says: str
    lifts: str = ""


def examine(data: Path, mode: Mode) -> tuple[Need, ...]:
    """Every need of the engine with this data folder, which exists, tried in this way to run."""
    return tuple(_needs(data, mode))


def _needs(data: Path, mode: Mode) -> Iterator[Need]:
    own = namespaces(mode)
    yield own
    disk = place(data)
    if own.ok:  # else every other trial would fail of the same
        yield process_table(mode)
        if disk.ok or not disk.blocks:
            yield overlay(data, mode)
    yield disk
    yield limits()
    yield descriptors()


def namespaces(mode: Mode) -> Need:
    """Namespaces of our own, and mounts in them as this kernel has them since Linux 5.12."""

    def work() -> None:
        enter(mode)
        syscalls.unshare(syscalls.CLONE_NEWNET | syscalls.CLONE_NEWUTS | syscalls.CLONE_NEWIPC)
        program = os.open(os.path.realpath(sys.executable), os.O_PATH | os.O_CLOEXEC)
        syscalls.restrict_mount(syscalls.copy_mount(program, ""), syscalls.MOUNT_ATTR_RDONLY)
        syscalls.open_in_root(os.open("/", os.O_PATH | os.O_CLOEXEC), "/", os.O_PATH)

    refused = attempt(work)
    what = "user namespaces" if mode is Mode.SINGLE else "namespaces"
    if refused is None:
        return Need(name="namespaces", ok=True, blocks=True, says=f"this host gives {what} to this user")
    says, lifts = _why_no_namespace(refused, mode)
    return Need(name="namespaces", ok=False, blocks=True, says=f"{what} are needed, and {says}", lifts=lifts)


def _why_no_namespace(refused: OSError, mode: Mode) -> tuple[str, str]:
    if refused.errno == errno.ENOSYS:
        return f"the kernel {os.uname().release} lacks a call of Linux 5.12 ({refused.filename})", ""
    if mode is Mode.SINGLE:
        for switch, forbids, allows in _SWITCHES:
            name = switch.replace("/", ".")
            if _content(Path("/proc/sys", switch)) == forbids:
                return f"{name} is {forbids}, which forbids them", f"sudo sysctl -w {name}={allows}"
    if "Seccomp:\t2" in _content(Path("/proc/self/status")):
        return (
            f"a filter of system calls forbids them ({refused.filename}), as in a container",
            "have the container started with --security-opt seccomp=unconfined",
        )
    return f"the kernel refuses {refused.filename} ({refused.strerror})", ""


def process_table(mode: Mode) -> Need:
    """A /proc of a container's own: where the host's is partly masked, as in a container, the kernel refuses one."""

    def work() -> None:
        enter(mode)
        syscalls.unshare(syscalls.CLONE_NEWPID)
        pid = os.fork()
        if not pid:
            _mount_proc()
        _, status = os.waitpid(pid, 0)
        if number := os.waitstatus_to_exitcode(status):
            raise OSError(number, os.strerror(number), "mount proc")

    refused = attempt(work)
    if refused is None:
        return Need(name="proc", ok=True, blocks=True, says="a container gets a /proc of its own")
    return Need(
        name="proc",
        ok=False,
        blocks=True,
        says=f"a container's own /proc is refused ({refused.strerror}), since parts of this one are hidden, as in a"
        " container; without it a container would see this host's processes",
        lifts="have the container started with --security-opt systempaths=unconfined",
    )


def _mount_proc() -> None:
    number = 0
    try:
        os.close(syscalls.new_mount("proc"))
    except OSError as error:
        number = error.errno or errno.EPERM
    os._exit(number)


def overlay(data: Path, mode: Mode) -> Need:
    """An overlay on the data folder; without one the images' layers are copied for each container.

    A folder of the image has to be removed and made again: without ``userxattr`` a user namespace gets EIO for that.
    """
    with tempfile.TemporaryDirectory(prefix=".need-", dir=data) as folder:
        for name in ("lower/folder", "upper", "work"):
            Path(folder, name).mkdir(parents=True)

        def work() -> None:
            enter(mode)
            os.chdir(folder)
            extra = ",userxattr" if mode is Mode.SINGLE else ""
            options = f"lowerdir=lower,upperdir=upper,workdir=work{extra}"
            syscalls.mount("overlay", "upper", "overlay", 0, options)
            os.chdir("upper")
            Path("folder").rmdir()
            Path("folder").mkdir()

        refused = attempt(work)
        for left in Path(folder, "work").glob("*"):
            left.chmod(0o700)  # the overlay's own has no permission at all
    if refused is None:
        return Need(name=OVERLAY, ok=True, blocks=False, says=f"containers share the files of their images in {data}")
    return Need(
        name=OVERLAY,
        ok=False,
        blocks=False,
        says=f"an overlay on {data} is refused ({refused.strerror}): each container gets a copy of its image's files",
        lifts="labrunner engine start --data DIR, on a local disk (ext4, xfs, btrfs, tmpfs)",
    )


def place(data: Path) -> Need:
    """A file system of this machine that we may write to, with room on it."""
    if not os.access(data, os.W_OK | os.X_OK):
        return Need(
            name="disk",
            ok=False,
            blocks=True,
            says=f"{data} cannot be written to by this user",
            lifts="labrunner engine start --data DIR, in a folder of your own",
        )
    descriptor = os.open(data, os.O_PATH | os.O_CLOEXEC)
    try:
        kind = NETWORK_FILE_SYSTEMS.get(syscalls.file_system_type(descriptor) & 0xFFFFFFFF)
    finally:
        os.close(descriptor)
    if kind:
        return Need(
            name="disk",
            ok=False,
            blocks=True,
            says=f"{data} is on a network file system ({kind}), which cannot hold containers",
            lifts="labrunner engine start --data DIR, on a local disk",
        )
    free = shutil.disk_usage(data).free
    says = f"{free / (1 << 30):.1f} GiB are free in {data}; the labs take up to {_ROOM >> 30}"
    return Need(name="disk", ok=free >= _ROOM, blocks=False, says=says, lifts="" if free >= _ROOM else f"df {data}")


def limits() -> Need:
    """Control groups, by which memory, processes and CPU time of a container are limited."""
    found = layout.host()
    if not found.folders:
        return Need(name="cgroups", ok=False, blocks=False, says=found.says or "this host has no control groups")
    names = ", ".join(name for name, _ in found.folders)
    return Need(name="cgroups", ok=True, blocks=False, says=f"control groups, version {found.version}: {names}")


def descriptors() -> Need:
    """Enough open files for daemon and shims."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = most == resource.RLIM_INFINITY or most >= _DESCRIPTORS
    says = f"this user may open {'any number of' if most == resource.RLIM_INFINITY else most} files at once"
    lifts = "" if enough else f"ulimit -n {_DESCRIPTORS}, or ask the administrator for it"
    return Need(name="files", ok=enough, blocks=False, says=says, lifts=lifts)


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def main(arguments: list[str]) -> None:
    """Print the needs of an engine with this data folder."""
    try:
        mode = choose(os.environ, privileged=capabilities.may_mount())
        found = examine(Path(arguments[0]), mode)
    except RuntimeFailure as failure:
        found = (Need(name="mode", ok=False, blocks=True, says=failure.says),)
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main(sys.argv[1:])
