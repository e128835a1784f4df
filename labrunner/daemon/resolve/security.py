"""Capabilities and security options."""

from __future__ import annotations

from collections.abc import Iterable

from labrunner.daemon.errors import bad_request, not_built
from labrunner.daemon.shapes import HostConfig
from labrunner.runtime.spec import DEFAULT_CAPABILITIES, Seccomp

#: All that capabilities(7) knows besides Docker's default ones.
_OTHERS = (
    "AUDIT_CONTROL AUDIT_READ BLOCK_SUSPEND BPF CHECKPOINT_RESTORE DAC_READ_SEARCH IPC_LOCK IPC_OWNER LEASE "
    "LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE NET_ADMIN NET_BROADCAST PERFMON SYS_ADMIN SYS_BOOT SYS_MODULE SYS_NICE "
    "SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM"
)
_ALL = DEFAULT_CAPABILITIES | frozenset(_OTHERS.split())


def capabilities(host: HostConfig) -> frozenset[str]:
    """What the container's processes may do: Docker's default, with and without. ApiError for one that is unknown."""
    added, dropped = _named(host.cap_add or (), "CapAdd"), _named(host.cap_drop or (), "CapDrop")
    kept = added - {"ALL"} if "ALL" in dropped else DEFAULT_CAPABILITIES | added
    if "ALL" in added:
        kept = _ALL
    return (kept if "ALL" in dropped else kept - dropped) & _ALL


def options(host: HostConfig) -> tuple[bool, Seccomp]:
    """Whether no new privileges are given, and which filter holds. ApiError for what is not understood."""
    privileges, seccomp = False, Seccomp.DEFAULT
    for option in host.security_opt or ():
        name, separator, value = option.partition("=" if "=" in option else ":")
        match name, value:
            case "no-new-privileges", "" | "true":
                privileges = True
            case "no-new-privileges", "false":
                privileges = False
            case "seccomp", "unconfined":
                seccomp = Seccomp.UNCONFINED
            case "seccomp", "builtin":
                seccomp = Seccomp.DEFAULT
            case "apparmor" | "label" | "systempaths", _ if separator:
                raise not_built(f"--security-opt {name}; run it without")
            case "seccomp", _:
                raise not_built("seccomp profiles of your own; run it without, or with seccomp=unconfined")
            case _:
                raise bad_request(f'invalid --security-opt {2 if separator else 1}: "{option}"')
    return privileges, seccomp


def _named(names: Iterable[str], field: str) -> frozenset[str]:
    bare = frozenset(name.upper().removeprefix("CAP_") for name in names)
    for name in bare - _ALL - {"ALL"}:
        raise bad_request(f'invalid {field}: unknown capability: "CAP_{name}"')
    return bare
