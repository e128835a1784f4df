"""Do the operations of a plan, one by one; a failure names its operation.

One function for each, in the modules beside this; all of it is imported before a container's root is entered, behind
which no module can be found any more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.perform import devices, mounts, process, terminal
from labrunner.runtime.perform.context import Context
from labrunner.runtime.plan import operations as do

__all__ = ["Context", "perform"]

_PERFORMERS: Mapping[type, Callable[[Any, Context], None]] = {
    do.Unshare: devices.unshare,
    do.NameHost: devices.name_host,
    do.RaiseLoopback: devices.raise_loopback,
    do.KeepMountsPrivate: mounts.keep_private,
    do.StackLayers: mounts.stack,
    do.UseFolder: mounts.use_folder,
    do.MountNew: mounts.mount_new,
    do.BindHost: mounts.bind_host,
    do.MakeDevice: devices.make_device,
    do.MakeFolder: devices.make_folder,
    do.MakeLink: devices.make_link,
    do.Restrict: mounts.restrict,
    do.SetKernelParameter: devices.set_parameter,
    do.Freeze: mounts.freeze,
    do.Mask: mounts.mask,
    do.EnterRoot: mounts.enter_root,
    do.AwaitGroup: process.await_group,
    do.OpenTerminal: terminal.open_terminal,
    do.SetLimit: process.set_limit,
    do.FindUser: process.find_user,
    do.EnterFolder: process.enter_folder,
    do.DropCapabilities: process.drop_capabilities,
    do.BecomeUser: process.become_user,
    do.SettleCapabilities: process.settle_capabilities,
    do.GainNothing: process.gain_nothing,
    do.FilterCalls: process.filter_calls,
    do.DieWithParent: process.die_with_parent,
    do.Reap: process.reap,
    do.Execute: process.execute,
}
_KINDS = {do.BindHost: Kind.BAD_MOUNT, do.SetLimit: Kind.BAD_LIMIT, do.EnterFolder: Kind.BAD_WORKDIR}


def perform(operations: Iterable[do.Operation], context: Context) -> None:
    """Do them in their order. RuntimeFailure for the first one that fails."""
    for operation in operations:
        try:
            _PERFORMERS[type(operation)](operation, context)
        except OSError as error:
            kind = _KINDS.get(type(operation), Kind.BROKEN)
            raise RuntimeFailure(kind, _sentence(operation, error), errno=error.errno or 0) from error


def _sentence(operation: do.Operation, error: OSError) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in type(operation).__name__)
    named = getattr(operation, "target", None) or getattr(operation, "name", "")
    reason = os.strerror(error.errno).lower() if error.errno else error.strerror
    attempted = f" ({error.filename})" if error.filename else ""
    return f"{words.strip()} {named}".strip() + f": {reason}{attempted}"
