"""Processes beside the first one: they join its namespaces, and their streams never pass the shim."""

from __future__ import annotations

import contextlib
import os
from functools import partial

from labrunner.runtime import syscalls
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.messages import ExecExited, ExecStarted, Failed
from labrunner.runtime.perform import Context, perform
from labrunner.runtime.perform.devices import FLAGS
from labrunner.runtime.plan.container import allowed, joined
from labrunner.runtime.plan.process import process
from labrunner.runtime.shim import child
from labrunner.runtime.shim.connection import Connection
from labrunner.runtime.shim.container import Parked
from labrunner.runtime.shim.engine import Engine
from labrunner.runtime.shim.loop import Loop
from labrunner.runtime.spec import ContainerSpec, Process


class _Running:
    """One exec: who asked for it, and the terminal that it may have."""

    def __init__(self, asker: Connection, one: child.Child) -> None:
        self.asker = asker
        self.child = one
        self.terminal: int | None = None
        self.starts = True


class Execs:
    """The container's processes that ``exec`` has started."""

    def __init__(self, loop: Loop, spec: ContainerSpec, engine: Engine, first: Parked) -> None:
        self._loop = loop
        self._host = engine.host(spec.id)
        self._group = engine.group(spec.id)
        self._flags = sum(FLAGS[namespace] for namespace in joined(spec, self._host))
        self._first = first
        self._running: list[_Running] = []

    def start(self, asker: Connection, wanted: Process, streams: list[int]) -> None:
        """Start a process. RuntimeFailure (NOT_RUNNING) where the container ends just now."""

        def become(context: Context) -> None:
            self._group.attach(0)
            syscalls.setns(self._first.child.descriptor, self._flags)
            child.own_descriptors_only(context)
            context.change_root("/")
            perform(process(allowed(wanted, self._host), self._host.mode), context)

        try:
            one = _Running(asker, child.fork(become, streams))
        except OSError as error:
            raise RuntimeFailure(Kind.NOT_RUNNING, "the container has ended", errno=error.errno or 0) from error
        self._running.append(one)
        self._loop.watch(one.child.control.fileno(), read=partial(self._report, one))
        self._loop.watch(one.child.descriptor, read=partial(self._ended, one))

    def _report(self, one: _Running) -> None:
        report = one.child.report()
        if isinstance(report, int):
            one.terminal = report
            return
        self._loop.forget(one.child.control.fileno())
        one.child.control.close()
        one.starts = False
        if isinstance(report, Failed):
            self._running.remove(one)
            self._loop.forget(one.child.descriptor)
            one.child.reap()
            one.asker.answer(report)
            return
        one.asker.answer(ExecStarted(pid=one.child.pid), [] if one.terminal is None else [one.terminal])
        if one.terminal is not None:
            os.close(one.terminal)

    def _ended(self, one: _Running) -> None:
        while one.starts:
            self._report(one)
        if one not in self._running:
            return
        self._running.remove(one)
        self._loop.forget(one.child.descriptor)
        one.asker.answer(ExecExited(code=one.child.reap()))

    def reap(self) -> None:
        """The container has ended, and all of these with it."""
        for one in list(self._running):
            with contextlib.suppress(OSError):
                self._ended(one)
