"""``python -m labrunner.daemon --data DIR --socket PATH``: the namespace engine, until SIGTERM.

With SIGTERM containers are stopped, as Docker does it; a daemon that is killed leaves them running, and the next one
finds them. What it has to say goes to standard error; one sentence, and exit code 1, where it cannot start.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
from pathlib import Path

from labrunner.daemon import data as data_folder
from labrunner.daemon.server import listen
from labrunner.runtime import modes, needs
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.zygote.spawn import spawn

_log = logging.getLogger("labrunner.daemon")


def main() -> None:
    """Run the engine."""
    asked = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        lock = data_folder.take(asked.data)
        mode = modes.choose(os.environ, privileged=needs.is_privileged())
        for need in needs.examine(asked.data, mode):
            if not need.ok:
                _missing(need)
        connection, process = spawn(asked.data, mode)
        with asyncio.Runner() as runner:
            runner.run(_run(asked, connection))
        process.wait(timeout=5)
    except RuntimeFailure as failure:
        sys.exit(f"labrunner: {failure.says}")
    os.close(lock)
