"""Run a cell by bash, and show what it prints as it comes."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import TextIO

#: Seconds that a cell which was interrupted has to end by itself.
_LAST_SECONDS = 2.0


def run_bash(cell: str, out: TextIO) -> None:
    """Run the cell in this process's folder and environment; what fails there says so itself, in order, as it is typed.

    IPython's own %%bash hands each line to the kernel's other thread and waits for it: a ``ps`` of a busy host, which
    takes 50 ms, took half a second.
    """
    with subprocess.Popen(  # noqa: S603 - as below
        ["bash", "-c", cell],  # noqa: S607 - the learner's own bash, by PATH, runs what the learner wrote
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    ) as shell:
        assert shell.stdout is not None  # noqa: S101 - Popen was asked for a pipe
        try:
            for line in shell.stdout:  # noqa: FURB122 - one by one, as they come
                out.write(line)
        except KeyboardInterrupt:
            _end(shell)
            raise


def _end(shell: subprocess.Popen[str]) -> None:
    """Interrupt all that the cell has started, and kill it where that is not heard."""
    with suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            shell.wait(_LAST_SECONDS)
        os.killpg(shell.pid, signal.SIGKILL)
