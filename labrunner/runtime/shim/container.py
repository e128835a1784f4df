"""The container's first process while it waits: its namespaces are made, its root is not."""

from __future__ import annotations

import os
from functools import partial

from labrunner.runtime import channel, syscalls
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.messages import Failed
from labrunner.runtime.perform import Context, perform
from labrunner.runtime.plan.container import container
from labrunner.runtime.shim import child
from labrunner.runtime.shim.engine import Engine
from labrunner.runtime.shim.streams import Streams
from labrunner.runtime.spec import ContainerSpec

_FIRST = 1  # the first process, in the PID namespace in which the joiner is as well


class Parked:
    """``child`` is the first process; ``failure`` is why it cannot be started, None where it can.

    It is forked first of all, since making a network namespace takes the kernel long. ``joiner`` puts it into the
    container's control group, for which an idle kernel takes longer than for all the rest, so nobody waits for it here.
    """

    def __init__(self, spec: ContainerSpec, engine: Engine) -> None:
        self.failure: Failed | None = None
        self.joiner: child.Child | None = None
        self._spec = spec
        self._group = engine.group(spec.id)
        syscalls.unshare(syscalls.CLONE_NEWPID)  # for our children: the first process and every exec
        become = partial(_become, spec, engine)
        self._pipes: tuple[int, int, int | None] | None = None
        if spec.process.tty:
            self.child = child.fork(become, ())
            return
        entry = os.pipe() if spec.open_stdin else None
        output, error = os.pipe(), os.pipe()
        given = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC) if entry is None else entry[0]
        self.child = child.fork(become, (given, output[1], error[1]))
        channel.close((given, output[1], error[1]))
        self._pipes = output[0], error[0], entry[1] if entry else None

    def serve_pipes(self, streams: Streams) -> None:
        """Give our ends of the pipes, where there are some, to whoever reads and writes them."""
        if self._pipes:
            streams.use_pipes(*self._pipes)

    def join_group(self) -> None:
        """Make the container's control group, and fork whoever puts the first process there, where there are any."""
        try:
            self._group.make(self._spec.limits)
            if self._group.layout.version:
                self.joiner = child.fork(lambda _: self._group.attach(_FIRST), ())
        except RuntimeFailure as failure:
            self.failure = Failed(kind=failure.kind, says=failure.says, errno=failure.errno)
        except OSError as error:
            says = f"the container's control group was to be made, and that failed: {error}"
            self.failure = Failed(kind=Kind.BROKEN, says=says, errno=error.errno or 0)

    def reap_joiner(self) -> None:
        """See what became of the joiner, which has done its work, or ends with the first process."""
        if self.joiner:
            joiner, self.joiner = self.joiner, None
            self.failure = joiner.report_failure()
            joiner.control.close()
            joiner.reap()


def _become(spec: ContainerSpec, engine: Engine, context: Context) -> None:
    """Be the first process. The plan is made here and not in the shim, whose memory stays the zygote's that way."""
    plan = container(spec, engine.host(spec.id))
    perform(plan.parked, context)
    child.own_descriptors_only(context)
    child.wait_for_shim(context)
    perform(plan.started, context)
