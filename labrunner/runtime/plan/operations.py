"""The steps that a container is made of, as frozen values; ``labrunner.runtime.perform`` says what each does.

A ``target`` is a path in the container, which is resolved below its root whatever the image put there.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

Options = tuple[tuple[str, str], ...]


class _Operation(msgspec.Struct, frozen=True):
    """A frozen value; msgspec makes one in a tenth of a dataclass's time, and a container is made of ninety."""


class Namespace(StrEnum):
    """The namespaces that a container's first process makes; its PID namespace is made by its parent."""

    CGROUP = "cgroup"
    IPC = "ipc"
    MOUNT = "mnt"
    NETWORK = "net"
    UTS = "uts"


class Restriction(StrEnum):
    """What a mount forbids (mount(8))."""

    READ_ONLY = "ro"
    NO_SET_ID = "nosuid"
    NO_DEVICES = "nodev"
    NO_EXECUTING = "noexec"


NO_PROGRAMS = frozenset({Restriction.NO_SET_ID, Restriction.NO_DEVICES, Restriction.NO_EXECUTING})


class Unshare(_Operation, frozen=True):
    """Get new namespaces."""

    namespaces: frozenset[Namespace]


class NameHost(_Operation, frozen=True):
    """Set the host's and the NIS domain's name."""

    name: str
    domain: str


class RaiseLoopback(_Operation, frozen=True):
    """Bring the device ``lo`` up."""


class KeepMountsPrivate(_Operation, frozen=True):
    """Let no mount of ours be seen outside, and none of outside here."""


class StackLayers(_Operation, frozen=True):
    """Mount an overlay at its own ``upper``, and make it the root in which targets are found.

    ``lowers`` are names below ``layers``, the top one first.
    """

    layers: str
    lowers: tuple[str, ...]
    upper: str
    work: str
    in_user_namespace: bool


class UseFolder(_Operation, frozen=True):
    """Make a folder the root in which targets are found."""

    folder: str


class MountNew(_Operation, frozen=True):
    """Mount a file system of its own kind."""

    kind: str
    target: str
    options: Options = ()
    restrictions: frozenset[Restriction] = frozenset()


class BindHost(_Operation, frozen=True):
    """Mount a file or folder of the host, with what is mounted below it; the target is made where it is missing."""

    source: str
    target: str
    restrictions: frozenset[Restriction] = frozenset()


class MakeDevice(_Operation, frozen=True):
    """Make a character device that everybody may read and write."""

    target: str
    major: int
    minor: int


class MakeFolder(_Operation, frozen=True):
    """Make a folder."""

    target: str


class MakeLink(_Operation, frozen=True):
    """Make a symbolic link."""

    target: str
    content: str


class Restrict(_Operation, frozen=True):
    """Restrict the mount that is at ``target``."""

    target: str
    restrictions: frozenset[Restriction]


class SetKernelParameter(_Operation, frozen=True):
    """Set a parameter of the new namespaces, as sysctl(8) names it."""

    name: str
    value: str


class Freeze(_Operation, frozen=True):
    """Make a path below /proc or /sys read-only, where there is one."""

    target: str


class Mask(_Operation, frozen=True):
    """Hide a path below /proc or /sys, where there is one: a folder seems empty, a file is /dev/null."""

    target: str


class AwaitGroup(_Operation, frozen=True):
    """Wait until the shim has put this process into the container's control group."""


class EnterRoot(_Operation, frozen=True):
    """Make the new root the only one that there is."""


class OpenTerminal(_Operation, frozen=True):
    """Make a terminal of the container's own the process's; ``console``: it is seen at /dev/console as well."""

    rows: int
    columns: int
    console: bool


class SetLimit(_Operation, frozen=True):
    """Set a limit of setrlimit(2); ``name`` as in ``--ulimit``, -1 is unlimited."""

    name: str
    soft: int
    hard: int


class FindUser(_Operation, frozen=True):
    """Find the user in the container's own files, give it the process's streams, and set HOME to its home."""

    user: str
    groups: tuple[str, ...]


class EnterFolder(_Operation, frozen=True):
    """Make a folder the working directory."""

    target: str


class DropCapabilities(_Operation, frozen=True):
    """Take away what was not asked for from all that programs may get."""

    kept: frozenset[str]


class BecomeUser(_Operation, frozen=True):
    """Become the user that was found."""


class SettleCapabilities(_Operation, frozen=True):
    """Give the process the capabilities that its program starts with."""

    kept: frozenset[str]


class GainNothing(_Operation, frozen=True):
    """Let no program gain rights by set-user-ID or file capabilities (no_new_privs)."""


class FilterCalls(_Operation, frozen=True):
    """Let Docker's filter judge every system call; where ``emulate``, root's calls seem to succeed."""

    capabilities: frozenset[str]
    emulate: bool


class DieWithParent(_Operation, frozen=True):
    """Be killed when the shim ends."""


class Reap(_Operation, frozen=True):
    """Stay as a small first process that reaps orphans and hands signals on; what follows is done by a child."""


class Execute(_Operation, frozen=True):
    """Execute a program, found by the PATH of its environment."""

    args: tuple[str, ...]
    env: tuple[str, ...]


Operation = (
    Unshare
    | NameHost
    | RaiseLoopback
    | KeepMountsPrivate
    | StackLayers
    | UseFolder
    | MountNew
    | BindHost
    | MakeDevice
    | MakeFolder
    | MakeLink
    | Restrict
    | SetKernelParameter
    | Freeze
    | Mask
    | AwaitGroup
    | EnterRoot
    | OpenTerminal
    | SetLimit
    | FindUser
    | EnterFolder
    | DropCapabilities
    | BecomeUser
    | SettleCapabilities
    | GainNothing
    | FilterCalls
    | DieWithParent
    | Reap
    | Execute
)
