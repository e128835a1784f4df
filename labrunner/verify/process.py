"""The parent's side of the check host: start it, send a request, read the results, end one that hangs."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from labrunner.model.errors import ToolError
from labrunner.model.lab import StepRef
from labrunner.model.verdict import CheckResult, Verdict
from labrunner.verify.request import CheckRequest, result_from
from labrunner.verify.spawn import HOST, Spawned, spawn

#: Seconds that the checks of one request may take.
DEADLINE = 120.0
#: Seconds that a check host has to end by itself.
_LAST_SECONDS = 2.0


class CheckHost:
    """A check host that starts at once and imports while its user still reads the labs. Use it in a ``with``."""

    def __init__(
        self, checks: Path, deadline: float = DEADLINE, spawned: Spawned | None = None, *, module: str = HOST
    ) -> None:
        """``spawned`` is a process that was started earlier; ``module`` is what the process runs."""
        self.checks = checks
        self.deadline = deadline
        self.module = module
        self._process, self._complaints = spawned or spawn(checks, module)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the host and whatever it has started: it ends by itself at the end of its input, unless a check hangs."""
        with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
            self._process.communicate(timeout=_LAST_SECONDS)
        self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()
        self._complaints.close()

    def run(self, request: CheckRequest) -> Mapping[StepRef, tuple[CheckResult, ...]]:
        """The results of the requested steps. A check that hangs or dies is ERRORED, and the next one gets a host."""
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - Popen was given a pipe
        with contextlib.suppress(BrokenPipeError):
            stdin.write(request.line())
            stdin.flush()
        results: dict[StepRef, list[CheckResult]] = defaultdict(list)
        running: Mapping[str, Any] | None = None
        problem: str | None = None
        for message in self._messages():
            if "running" in message:
                running = message["running"]
            elif "result" in message:
                result = result_from(message["result"])
                results[result.step].append(result)
                running = None
            else:
                problem = message["done"]
        if problem is not None:
            if running is None:
                raise ToolError(f"the checks were run, and {problem}", next="labrunner doctor")
            broken = _unfinished(running, problem)
            results[broken.step].append(broken)
        return {step: tuple(found) for step, found in results.items()}

    def _messages(self) -> Iterator[Mapping[str, Any]]:
        """The host's messages up to ``done``; one that ends, or lets the deadline pass, is replaced."""
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - Popen was given a pipe
        deadline = time.monotonic() + self.deadline
        pending = b""
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while selector.select(max(0.0, deadline - time.monotonic())):
                chunk = os.read(stdout.fileno(), 1 << 16)
                if not chunk:
                    why = f"the process of the checks ended: {self._last_words()}"
                    break
                *lines, pending = (pending + chunk).split(b"\n")
                for message in map(json.loads, lines):
                    yield message
                    if "done" in message:
                        return
            else:
                why = f"that did not end within {self.deadline:.0f} s"
        self._kill()
        self._process, self._complaints = spawn(self.checks, self.module)
        yield {"done": why}

    def _last_words(self) -> str:
        self._complaints.seek(0)
        lines = self._complaints.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _unfinished(running: Mapping[str, Any], why: str) -> CheckResult:
    lab, _, name = running["step"].partition("/")
    return CheckResult(
        step=StepRef(lab, name),
        check=running["check"],
        says=running["says"],
        verdict=Verdict.ERRORED,
        reason=f"the check was run, and {why}",
        next="labrunner doctor",
    )
