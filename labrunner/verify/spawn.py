"""Start the process of a check host. This module imports next to nothing, so that a check can begin with it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, NamedTuple


class Spawned(NamedTuple):
    """A check host's process, and the file that its standard error goes to."""

    process: subprocess.Popen[bytes]
    complaints: IO[bytes]


#: The module that a check host runs.
HOST = "labrunner.verify.host"


def spawn(checks: Path, module: str = HOST) -> Spawned:
    """Start a check host in the checks' folder, as a process session of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    complaints = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
    process = subprocess.Popen(  # noqa: S603 - the module is one of ours
        # -P keeps the current folder off the import path, -E ignores PYTHON*: nothing of the learner's is imported.
        [sys.executable, "-P", "-E", "-m", module],
        cwd=checks,
        env={**environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        start_new_session=True,
    )
    return Spawned(process, complaints)
