"""The steps that a container is made of, as frozen values; ``labrunner.runtime.perform`` says what each does.

A ``target`` is a path in the container, which is resolved below its root whatever the image put there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Options = tuple[tuple[str, str], ...]


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


@dataclass(frozen=True, slots=True)
class Unshare:
    """Get new namespaces."""

    namespaces: frozenset[Namespace]


@dataclass(frozen=True, slots=True)
class NameHost:
    """Set the host's and the NIS domain's name."""

    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class RaiseLoopback:
    """Bring the device ``lo`` up."""


@dataclass(frozen=True, slots=True)
class KeepMountsPrivate:
    """Let no mount of ours be seen outside, and none of outside here."""


@dataclass(frozen=True, slots=True)
class StackLayers:
    """Mount an overlay at its own ``upper``, and make it the root in which targets are found.

    ``lowers`` are names below ``layers``, the top one first.
    """

    layers: str
    lowers: tuple[str, ...]
    upper: str
    work: str
    in_user_namespace: bool


@dataclass(frozen=True, slots=True)
class UseFolder:
    """Make a folder the root in which targets are found."""

    folder: str


@dataclass(frozen=True, slots=True)
class MountNew:
    """Mount a file system of its own kind."""

    kind: str
    target: str
    options: Options = ()
    restrictions: frozenset[Restriction] = frozenset()


@dataclass(frozen=True, slots=True)
class BindHost:
    """Mount a file or folder of the host, with what is mounted below it; the target is made where it is missing."""

    source: str
    target: str
    restrictions: frozenset[Restriction] = frozenset()


@dataclass(frozen=True, slots=True)
class MakeDevice:
    """Make a character device that everybody may read and write."""

    target: str
    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class MakeFolder:
    """Make a folder."""

    target: str


@dataclass(frozen=True, slots=True)
class MakeLink:
    """Make a symbolic link."""

    target: str
    content: str


@dataclass(frozen=True, slots=True)
class Restrict:
    """Restrict the mount that is at ``target``."""

    target: str
    restrictions: frozenset[Restriction]


@dataclass(frozen=True, slots=True)
class SetKernelParameter:
    """Set a parameter of the new namespaces, as sysctl(8) names it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """Make a path below /proc or /sys read-only, where there is one."""

    target: str


@dataclass(frozen=True, slots=True)
class Mask:
    """Hide a path below /proc or /sys, where there is one: a folder seems empty, a file is /dev/null."""

    target: str


@dataclass(frozen=True, slots=True)
class EnterRoot:
    """Make the new root the only one that there is."""


@dataclass(frozen=True, slots=True)
class OpenTerminal:
    """Make a terminal of the container's own the process's; ``console``: it is seen at /dev/console as well."""

    rows: int
    columns: int
    console: bool


@dataclass(frozen=True, slots=True)
class SetLimit:
    """Set a limit of setrlimit(2); ``name`` as in ``--ulimit``, -1 is unlimited."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class FindUser:
    """Find the user in the container's own files, give it the process's streams, and set HOME to its home."""

    user: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnterFolder:
    """Make a folder the working directory."""

    target: str


@dataclass(frozen=True, slots=True)
class DropCapabilities:
    """Take away what was not asked for from all that programs may get."""

    kept: frozenset[str]


@dataclass(frozen=True, slots=True)
class BecomeUser:
    """Become the user that was found."""


@dataclass(frozen=True, slots=True)
class SettleCapabilities:
    """Give the process the capabilities that its program starts with."""

    kept: frozenset[str]


@dataclass(frozen=True, slots=True)
class GainNothing:
    """Let no program gain rights by set-user-ID or file capabilities (no_new_privs)."""


@dataclass(frozen=True, slots=True)
class FilterCalls:
    """Let Docker's filter judge every system call; where ``emulate``, root's calls seem to succeed."""

    capabilities: frozenset[str]
    emulate: bool


@dataclass(frozen=True, slots=True)
class DieWithParent:
    """Be killed when the shim ends."""


@dataclass(frozen=True, slots=True)
class Reap:
    """Stay as a small first process that reaps orphans and hands signals on; what follows is done by a child."""


@dataclass(frozen=True, slots=True)
class Execute:
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
