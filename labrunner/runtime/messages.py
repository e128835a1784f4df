"""Every message between daemon, zygote, shim and worker; docs/decisions/0013-the-namespace-engine.md draws them.

A message is one JSON object with a ``type`` and travels behind its length (``labrunner.runtime.channel``), file
descriptors beside it. The first message on a connection is ``Hello``, both ways: a shim outlives the daemon that made
it, and a newer daemon must know what it talks to. Version N understands N only, until a version says otherwise.
"""

from __future__ import annotations

import msgspec

from labrunner.runtime.errors import Kind
from labrunner.runtime.spec import ContainerSpec, Limits, Process

VERSION = 1


class _Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A frozen value, tagged by its ``type``."""


class Hello(_Message, frozen=True, kw_only=True, tag="hello"):
    """The first message of both sides."""

    version: int = VERSION


# --- daemon to zygote -----------------------------------------------------------------------------------------------


class ForkShim(_Message, frozen=True, kw_only=True, tag="fork-shim"):
    """Fork a shim that prepares this container and waits for ``Start``.

    Descriptor: one end of a socket pair, the shim's first connection; a shim that is not started ends with it. The
    zygote answers nothing, but ``Failed`` there where no process more is allowed.
    """

    spec: ContainerSpec


class ForkWorker(_Message, frozen=True, kw_only=True, tag="fork-worker"):
    """Fork a process that does one task of ``labrunner.runtime.storage.tasks`` and ends.

    Descriptors: one end of a socket pair, on which it answers ``TaskDone`` or ``Failed``; then those of the task.
    """

    task: str  # the task's name
    arguments: msgspec.Raw  # its argument as JSON


# --- daemon to shim -------------------------------------------------------------------------------------------------


class Start(_Message, frozen=True, kw_only=True, tag="start"):
    """Run the container's process. Answer: ``Started`` or ``Failed``; after ``Failed`` the shim cleans up and ends."""


class Signal(_Message, frozen=True, kw_only=True, tag="signal"):
    """Send a signal to the container's first process. Answer: ``Done`` or ``Failed``."""

    number: int


class Resize(_Message, frozen=True, kw_only=True, tag="resize"):
    """Set the size of the container's terminal. Answer: ``Done`` or ``Failed``."""

    rows: int
    columns: int


class Update(_Message, frozen=True, kw_only=True, tag="update"):
    """Let the container's cgroup allow something else from now on. Answer: ``Done`` or ``Failed``."""

    limits: Limits


class Exec(_Message, frozen=True, kw_only=True, tag="exec"):
    """Start a process beside the first one. Answer: ``ExecStarted`` or ``Failed``; at its end ``ExecExited``.

    Descriptors: its standard input, output and error; none where it gets a terminal.
    """

    process: Process


class Attach(_Message, frozen=True, kw_only=True, tag="attach"):
    """Join the container's streams. Answer: ``Attached`` or ``Failed``; then the connection carries frames only.

    A frame is a byte for the stream (0 input, 1 output, 2 error), four bytes of length, big-endian, and the content.
    From the daemon come frames of stream 0 where ``stdin``, an empty one for its end; from the shim come 1 and 2. The
    shim closes the connection when the container has ended and all its output was sent.
    """

    stdin: bool = False
    stdout: bool = False
    stderr: bool = False


class Watch(_Message, frozen=True, kw_only=True, tag="watch"):
    """Ask to be told of the end. Answer: ``Done``; later, between other answers, ``Exited``."""


class Dismiss(_Message, frozen=True, kw_only=True, tag="dismiss"):
    """End a shim whose container was not started. Answer: ``Done``."""


# --- answers --------------------------------------------------------------------------------------------------------


class Done(_Message, frozen=True, kw_only=True, tag="done"):
    """It was done."""


class Failed(_Message, frozen=True, kw_only=True, tag="failed"):
    """It was not done."""

    kind: Kind
    says: str
    errno: int = 0


class Started(_Message, frozen=True, kw_only=True, tag="started"):
    """The first process runs; ``start_time`` in clock ticks since boot, field 22 of /proc/PID/stat (proc(5))."""

    pid: int
    start_time: int


class ExecStarted(_Message, frozen=True, kw_only=True, tag="exec-started"):
    """The process runs. Descriptor, where it has a terminal: the terminal's master end."""

    pid: int


class ExecExited(_Message, frozen=True, kw_only=True, tag="exec-exited"):
    """The process of ``Exec`` ended; ``code`` as a shell counts: 128 and the signal where one ended it."""

    code: int


class Attached(_Message, frozen=True, kw_only=True, tag="attached"):
    """Joined; what the log has up to ``offset`` of segment ``segment`` was written before, all else will be sent."""

    segment: int
    offset: int


class Exited(_Message, frozen=True, kw_only=True, tag="exited"):
    """The container ended at ``at`` (nanoseconds since 1970); ``code`` as a shell counts."""

    code: int
    at: int
    oom: bool = False


class TaskDone(_Message, frozen=True, kw_only=True, tag="task-done"):
    """A worker's result, as JSON."""

    result: msgspec.Raw


Message = (
    Hello
    | ForkShim
    | ForkWorker
    | Start
    | Signal
    | Resize
    | Update
    | Exec
    | Attach
    | Watch
    | Dismiss
    | Done
    | Failed
    | Started
    | ExecStarted
    | ExecExited
    | Attached
    | Exited
    | TaskDone
)
