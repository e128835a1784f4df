"""The process's entry: the slow part of a check begins before anything else is imported.

The check host takes 150 ms to import pytest. Meanwhile, on the second core, this process imports click and reads labs.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:  # --help has 100 ms, and needs none of it
    from labrunner.verify.spawn import Spawned


def main() -> NoReturn:
    """Run the command line; the process's exit code says how it went."""
    arguments = sys.argv[1:]
    host = None
    if arguments[:1] == ["check"]:
        gc.disable()  # a check is too short for garbage
        host = _early_host()
    from labrunner.cli.main import run  # noqa: PLC0415 - after the host has been started

    code = run(arguments, host)
    with suppress(BrokenPipeError):  # the reader may have had enough
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)  # nothing is left to tidy up, and taking the interpreter apart takes 15 ms


def _early_host() -> Spawned | None:
    """A check host; it ends by itself with this process, should the command line be wrong."""
    from labrunner.content.locate import course_folder  # noqa: PLC0415 - as above
    from labrunner.model.errors import LabrunnerError  # noqa: PLC0415 - as above
    from labrunner.verify.spawn import spawn  # noqa: PLC0415 - as above

    with suppress(LabrunnerError):  # the command itself meets it again, and says it
        return spawn(course_folder("checks"))
    return None
