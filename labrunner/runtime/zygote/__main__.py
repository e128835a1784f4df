"""The zygote's program: ``python -P -m labrunner.runtime.zygote DESCRIPTOR DATA MODE [inside]``.

It executes itself once more, ``inside`` the namespaces that it made and on the protected interpreter.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from pathlib import Path

from labrunner.runtime import channel, seccomp, syscalls
from labrunner.runtime.errors import Kind
from labrunner.runtime.messages import Failed, ForkShim, ForkWorker, Hello, Message
from labrunner.runtime.modes import Mode
from labrunner.runtime.shim import shim
from labrunner.runtime.shim.engine import Engine
from labrunner.runtime.spec import DEFAULT_CAPABILITIES
from labrunner.runtime.zygote import bootstrap, fork, worker

_INSIDE = "inside"


def main(arguments: list[str]) -> None:
    """Be the zygote until the daemon closes the connection."""
    descriptor, data, mode = int(arguments[0]), Path(arguments[1]), Mode(arguments[2])
    with socket.socket(fileno=descriptor) as daemon:
        if _INSIDE in arguments:
            serve(daemon, Engine.at(data, mode))
            return
        try:
            bootstrap.enter_namespaces(data, mode)
            bootstrap.protect(Path(os.path.realpath(sys.executable)))
            os.set_inheritable(descriptor, True)  # noqa: FBT003 - the one thing that this function sets
            os.execv(sys.executable, [*sys.orig_argv, _INSIDE])  # noqa: S606 - ourselves
        except OSError as error:
            says = f"the namespaces of the engine were to be made, and that failed: {error}"
            channel.send(daemon, Failed(kind=Kind.MISSING_FEATURE, says=says, errno=error.errno or 0))


def serve(daemon: socket.socket, engine: Engine) -> None:
    """Fork what the daemon asks for."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps: whoever is forked tells its end by its connection
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.setsid()  # Ctrl-C is for the daemon, whose end we see
    syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1)
    seccomp.program(DEFAULT_CAPABILITIES, os.uname().machine, engine.mode is Mode.SINGLE)  # kept for all children
    gc.collect()
    gc.freeze()
    channel.send(daemon, Hello())
    while received := channel.receive(daemon):
        message, descriptors = received
        try:
            _fork(message, descriptors, engine)
        except OSError as error:  # no process more is allowed
            says = f"a process of the engine was to be made, and that failed: {error}"
            with socket.socket(fileno=os.dup(descriptors[0])) as asker:
                channel.send(asker, Failed(kind=Kind.BROKEN, says=says, errno=error.errno or 0))
        channel.close(descriptors)


def _fork(message: Message, descriptors: list[int], engine: Engine) -> None:
    """Fork what a message asks for; the daemon's hello asks for nothing."""
    if isinstance(message, ForkShim):
        fork.child(lambda: shim.serve(message.spec, engine, descriptors[0]), descriptors)
    elif isinstance(message, ForkWorker):
        fork.child(lambda: worker.serve(message, descriptors), descriptors)


if __name__ == "__main__":
    main(sys.argv[1:])
