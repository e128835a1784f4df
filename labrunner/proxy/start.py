"""Start a scope as a process that ends with this one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labrunner.model.errors import ToolError

#: Seconds in which a scope records what is still being made when it is ended.
_END_SECONDS = 15.0


@dataclass(frozen=True)
class Scoped:
    """A scope that runs: one socket for each lab in ``folder``."""

    folder: Path

    def host(self, lab: str) -> str:
        """The lab's endpoint, as in DOCKER_HOST."""
        return f"unix://{self.folder / lab}.sock"


@contextmanager
def start_scope(endpoint: str, ledger: Path, home: Path, folder: Path, labs: Iterable[str]) -> Iterator[Scoped]:
    """A scope before the engine at ``endpoint`` for each of a home's labs; ToolError where it does not come up."""
    command = [sys.executable, "-P", "-m", "labrunner.proxy"]
    options = {"--engine": endpoint, "--ledger": ledger, "--home": home, "--folder": folder}
    command += [str(word) for option in options.items() for word in option]
    process = subprocess.Popen(  # noqa: S603 - this Python, our own module
        [*command, *labs],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # so that Ctrl-C does not end it before those who use it
        text=True,
    )
    with process:
        assert process.stdin is not None  # noqa: S101 - they are pipes
        assert process.stdout is not None  # noqa: S101 - as above
        assert process.stderr is not None  # noqa: S101 - as above
        try:
            if process.stdout.readline() != "ready\n":
                said = process.stderr.read().strip().splitlines() or ["without a word"]
                raise ToolError(
                    f"the scope before {endpoint} was to be started, and it ended: {said[-1]}",
                    next="labrunner doctor",
                )
            yield Scoped(folder)
        finally:
            process.stdin.close()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
