"""An ordinary process of a container, first or not: its terminal, limits, user, rights and program."""

from __future__ import annotations

from collections.abc import Iterator

from labrunner.runtime.modes import Mode
from labrunner.runtime.plan import operations as do
from labrunner.runtime.spec import Process, Seccomp


def process(wanted: Process, mode: Mode, *, first: bool = False, init: bool = False) -> tuple[do.Operation, ...]:
    """What a process that is in the container's namespaces does to become ``wanted``."""
    return tuple(_process(wanted, mode, first=first, init=init))


def _process(wanted: Process, mode: Mode, *, first: bool, init: bool) -> Iterator[do.Operation]:
    if wanted.tty:
        yield do.OpenTerminal(wanted.rows, wanted.columns, console=first)
    for limit in wanted.rlimits:
        yield do.SetLimit(limit.name, limit.soft, limit.hard)
    yield do.FindUser(wanted.user, wanted.groups)
    yield do.EnterFolder(wanted.cwd)
    single = mode is Mode.SINGLE
    gains = not (wanted.no_new_privileges or single)
    filters = (
        [] if wanted.seccomp is Seccomp.UNCONFINED and not single else [do.FilterCalls(wanted.capabilities, single)]
    )
    yield do.DropCapabilities(wanted.capabilities)
    if gains:  # without no_new_privs a filter needs CAP_SYS_ADMIN, which is given up next
        yield from filters
    if not single:
        yield do.BecomeUser()
    yield do.SettleCapabilities(wanted.capabilities)
    if first:  # behind BecomeUser: the kernel forgets it when the user changes
        yield do.DieWithParent()
    if not gains:
        yield do.GainNothing()
        yield from filters
    if init:
        yield do.Reap()
    yield do.Execute(wanted.args, wanted.env)
