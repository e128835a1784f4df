"""Check files written by a test, and run by real check hosts."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labrunner.model.verdict import CheckResult
from labrunner.verify.process import CheckHost
from labrunner.verify.request import CheckRequest
from tests.unit.builders import ref

HEAD = "import os, subprocess, sys, time\nimport pytest\nfrom labrunner.verify.checking import Blocked, require, step\n"
FILE = "test_01_lab.py"

Write = Callable[..., str]
Run = Callable[..., tuple[CheckResult, ...]]


@pytest.fixture
def checks(tmp_path: Path) -> Path:
    """The folder of the check files."""
    folder = tmp_path / "checks"
    folder.mkdir()
    return folder


@pytest.fixture
def write(checks: Path) -> Write:
    """``write(source)`` makes the check file of the lab ``lab``, whose fourth line is the source's first."""

    def make(source: str, name: str = FILE) -> str:
        (checks / name).write_text(HEAD + textwrap.dedent(source).lstrip("\n"), encoding="utf-8")
        return name

    return make


@pytest.fixture
def host(checks: Path) -> Iterator[CheckHost]:
    """A check host over that folder."""
    with CheckHost(checks, deadline=60) as started:
        yield started


@pytest.fixture
def run(write: Write, host: CheckHost) -> Run:
    """``run(source, "one")`` writes the check file and gives the results of that step."""

    def results(source: str, step: str = "one", **more: Any) -> tuple[CheckResult, ...]:  # noqa: ANN401 - as CheckRequest has it
        request = CheckRequest((write(source),), (f"lab/{step}",), "unix:///nowhere", **more)
        return host.run(request).get(ref(step), ())

    return results
