"""The tasks by name, as a worker dispatches on them: each takes its argument and descriptors and returns its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.storage import tasks, upkeep
from labrunner.runtime.storage.chunks import of_descriptor
from labrunner.runtime.storage.commit import commit
from labrunner.runtime.storage.copying import copy_root
from labrunner.runtime.storage.failures import of_files
from labrunner.runtime.storage.layering import MadeLayer
from labrunner.runtime.storage.load import load
from labrunner.runtime.storage.save import save
from labrunner.runtime.storage.scratch import Scratch


def import_layer(arguments: tasks.Import, descriptors: Sequence[int]) -> tasks.Layer:
    """Make a layer of a tar."""
    with Scratch(arguments.data) as scratch:
        return MadeLayer(scratch, of_descriptor(descriptors[0])).keep()


#: Each task's argument and function. ``Any``: a function takes the type beside it, which no annotation can say.
TASKS: dict[str, tuple[type[tasks.Task], Callable[[Any, Sequence[int]], tasks.Result]]] = {
    "load": (tasks.Load, load),
    "import": (tasks.Import, import_layer),
    "commit": (tasks.Commit, commit),
    "save": (tasks.Save, save),
    "store-blob": (tasks.StoreBlob, upkeep.store_blob),
    "copy-root": (tasks.CopyRoot, copy_root),
    "remove": (tasks.Remove, upkeep.remove),
    "measure": (tasks.Measure, upkeep.measure),
}


def do(task: str, arguments: bytes | msgspec.Raw, descriptors: Sequence[int]) -> tasks.Result:
    """Do the task of that name. RuntimeFailure where it was not done; the descriptors stay the caller's."""
    if task not in TASKS:
        raise RuntimeFailure(Kind.OTHER_VERSION, f"a worker knows {', '.join(TASKS)}, and was asked for {task}")
    kind, function = TASKS[task]
    try:
        return function(msgspec.json.decode(arguments, type=kind), descriptors)
    except msgspec.MsgspecError as error:
        raise RuntimeFailure(Kind.OTHER_VERSION, f"the task {task} was expected in this version: {error}") from error
    except OSError as error:
        raise of_files(error) from error
