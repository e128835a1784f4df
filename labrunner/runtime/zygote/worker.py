"""A worker: one task of file work, and its result on the connection that came with it."""

from __future__ import annotations

import os
import socket
import traceback
from collections.abc import Sequence

import msgspec

from labrunner.runtime import channel
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.messages import Failed, ForkWorker, Hello, TaskDone
from labrunner.runtime.storage import work


def serve(message: ForkWorker, descriptors: Sequence[int]) -> None:
    """Do the task; the first descriptor is the connection, the others are the task's."""
    os.umask(0o022)
    with socket.socket(fileno=descriptors[0]) as daemon:
        channel.send(daemon, Hello())
        if channel.receive(daemon) is not None:
            channel.send(daemon, _do(message, descriptors[1:]))


def _do(message: ForkWorker, descriptors: Sequence[int]) -> TaskDone | Failed:
    try:
        result = work.do(message.task, message.arguments, descriptors)
    except RuntimeFailure as failure:
        return Failed(kind=failure.kind, says=failure.says, errno=failure.errno)
    except Exception as error:  # noqa: BLE001 - whatever it is, the daemon has to hear of it
        traceback.print_exc()
        return Failed(kind=Kind.BROKEN, says=f"the task {message.task} failed: {error}")
    return TaskDone(result=msgspec.Raw(msgspec.json.encode(result)))
