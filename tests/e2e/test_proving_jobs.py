"""``labrunner lint --prove --jobs 2``: the same proof on two engines, of which nothing is left, however it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labrunner.engine.engine import Engine
from tests.e2e.conftest import cannot_run
from tests.e2e.small_course import listen, proving, write_course
from tests.e2e.test_run import holds
from tests.measuring import unmeasured
from tests.unit.processes import waited

pytestmark = pytest.mark.engine
Divided = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def place(tmp_path: Path, engine: Engine) -> Iterator[Path]:
    """A course of one lab; whatever the proof makes has gone with it."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        cannot_run("engines of one's own need root and dockerd", "make test, as root")
    write_course(tmp_path)
    before, own, rules = holds(engine), traces(), links_and_rules()
    yield tmp_path
    assert holds(engine) == before
    assert traces() == own
    assert waited(lambda: links_and_rules() == rules)  # the kernel takes links away when it has time


@pytest.fixture
def divided(place: Path) -> Divided:
    """``divided(at, do)``: the exit code, the JSON and what was told; ``do`` is done at a line with ``at`` in it."""

    def run(at: str = "", do: Callable[[int], None] = lambda _: None) -> tuple[int, dict[str, Any], str]:
        with proving(place, "--jobs", "2", "--offline") as process:
            told, answered = listen(process, at, lambda: do(process.pid))
        return process.returncode, json.loads(answered or "{}"), told

    return run


def traces() -> frozenset[str]:
    """What engines of one's own leave behind where they do not tidy up: folders, control groups, processes."""
    folders = [*Path(tempfile.gettempdir()).glob("labrunner-own-*"), *Path("/sys/fs/cgroup").glob("**/labrunner-own-*")]
    return frozenset({*map(str, folders), *map(str, own_processes())})


def own_processes(word: str = "labrunner-own-") -> Iterator[int]:
    """The processes with that word in their command lines."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in file.read_bytes():
                yield int(file.parent.name)
        except OSError:  # it has ended meanwhile
            continue


def links_and_rules() -> tuple[frozenset[str], str]:
    """The links of this network, and the rules by which it translates addresses."""
    rules = subprocess.run(["iptables", "--table=nat", "--list-rules"], capture_output=True, text=True, check=True)
    return frozenset(name for _, name in socket.if_nameindex()), rules.stdout


def end_engines(_: int) -> None:
    """Kill the proof's engines, as the kernel does where memory is short."""
    for pid in [pid for pid in own_processes("--data-root=/tmp/labrunner-own-") if name_of(pid) == "dockerd"]:
        os.kill(pid, signal.SIGKILL)


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def test_two_jobs_prove_what_one_proves_and_do_not_prove_it_again(divided: Divided, place: Path) -> None:
    """Check by check, in the course's order; each step is told by the job that has proven it."""
    with proving(place, "--offline") as process:
        _, answered = listen(process)
    shutil.rmtree(place / "state")
    code, data, told = divided()
    assert (code, data) == (process.returncode, json.loads(answered))
    assert {line[:2] for line in told.splitlines() if "near misses refused" in line} == {"1:", "2:"}
    _, again, told = divided()
    assert again == data
    assert told.count("proven before") == 2


@pytest.mark.slow
def test_an_engine_that_is_killed_ends_the_proof_with_a_sentence(divided: Divided) -> None:
    code, data, told = divided("another tag", end_engines)
    assert (code, data["verdict"]) == (3, "errored")
    assert data["error"]["says"].endswith("was being proven, and its engine has ended before that")
    assert "Traceback" not in told


@pytest.mark.slow
def test_a_job_that_is_killed_ends_the_proof_with_a_sentence(divided: Divided) -> None:
    def end_jobs(_: int) -> None:
        for pid in [pid for pid in own_processes("labrunner.cli.proving_job") if "python" in name_of(pid)]:
            os.kill(pid, signal.SIGKILL)

    code, data, told = divided("another tag", end_jobs)
    assert (code, data["verdict"]) == (3, "errored")
    assert "was being proven, and job " in data["error"]["says"]
    assert "Traceback" not in told


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_proof_that_is_interrupted_leaves_nothing(divided: Divided, sign: signal.Signals) -> None:
    code, _, told = divided("another tag", lambda pid: os.kill(pid, sign))
    assert code == 130
    assert "Traceback" not in told


def test_a_host_that_lacks_a_program_is_told_so(place: Path, tmp_path: Path) -> None:
    """Where it is not found on PATH, which here has the docker command alone."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").symlink_to(str(shutil.which("docker")))
    with proving(place, "--jobs", "2", "--offline", PATH=str(tmp_path / "bin")) as process:
        told, answered = listen(process)
    assert process.returncode == 3
    says = json.loads(answered)["error"]["says"]
    assert says.startswith("engines of one's own were asked for, by --jobs, and there is no nsenter and no setpriv")
    assert "an engine of its own" not in told


def test_an_ordinary_user_is_told_that_it_takes_root() -> None:
    program = "import os; from labrunner.engine.own import *; os.setuid(65534); demand_own_engines(None)"
    done = subprocess.run(
        [sys.executable, "-c", program], env=unmeasured(os.environ), capture_output=True, text=True, check=False
    )
    assert done.stderr.strip().endswith("by --jobs, and this user is not root")
