"""Tab in real shells, and what is offered where the home is broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from tests.measuring import unmeasured

Complete = Callable[[str], list[str]]

#: How each shell is started without its user's own settings, and what makes it complete.
SHELLS = {
    "bash": (["--norc", "--noprofile", "-i"], "source <(labrunner completion bash)"),
    "zsh": (["-f", "-i"], "autoload -U compinit && compinit -u -D; source <(labrunner completion zsh)"),
    "fish": (["--no-config", "-i"], "labrunner completion fish | source"),
}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a home of its own, in which ``labrunner`` is this one."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "TERM": "dumb"}
    return {**os.environ, **own, "PATH": path, "LABRUNNER_HOME": str(tmp_path / "home")}


def asking(line: str) -> dict[str, str]:
    """What bash sets when Tab is pressed at the end of the line."""
    return {"_LABRUNNER_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}


@pytest.fixture
def complete(environ: dict[str, str]) -> Complete:
    """``complete("labrunner check m")``: the words that bash is offered, having seen that nothing else is said."""

    def ask(line: str) -> list[str]:
        command = [sys.executable, "-m", "labrunner"]
        given = {**environ, **asking(line)}
        done = subprocess.run(command, env=given, capture_output=True, text=True, check=True, timeout=60)
        assert not done.stderr
        return [answer.partition(",")[2] for answer in done.stdout.splitlines()]

    return ask


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, environ: dict[str, str]) -> Iterator[pexpect.spawn[str]]:
    """A shell that completes labrunner, in which first-container is the current lab."""
    program = shutil.which(request.param)
    if program is None:
        pytest.skip(f"{request.param} is not installed: apt-get install {request.param}")
    environ = unmeasured(environ)
    subprocess.run(["labrunner", "start", "first-container"], env=environ, capture_output=True, check=True)
    arguments, script = SHELLS[request.param]
    child = pexpect.spawn(program, arguments, env=environ, encoding="utf-8", timeout=30, dimensions=(24, 200))
    child.sendline(f"{script}; echo lo''aded")
    child.expect("loaded")
    yield child
    child.close(force=True)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("labrunner sol", "ve"),
        ("labrunner list dep", "loy-change"),
        ("labrunner show mem", "ory"),
        ("labrunner lint push cle", "an-up"),
        ("labrunner check nginx-and-mongo/mo", "ngo"),
        ("labrunner goto push/lo", "gin"),
        ("labrunner check --engine nam", "espace"),
        ("labrunner images pre", "pare"),
    ],
)
def test_tab_completes(shell: pexpect.spawn[str], typed: str, completed: str) -> None:
    shell.send(f"{typed}\t")
    shell.expect_exact(completed)


def test_nothing_typed_offers_the_current_lab(complete: Complete, environ: dict[str, str]) -> None:
    subprocess.run(["labrunner", "start", "push"], env=environ, capture_output=True, check=True)
    assert complete("labrunner show ") == ["registry", "login", "tag", "push", "pull", "copy"]
    assert complete("labrunner show step") == [f"step{number}" for number in range(1, 7)]
    assert complete("labrunner show --home /nowhere pus")[0] == "push/registry"
    assert complete("labrunner --home /nowhere show pus")[0] == "push/registry"


def test_commands_are_offered_in_the_order_of_the_help(complete: Complete) -> None:
    assert complete("labrunner s") == ["start", "show", "shell", "solve", "site"]


def _garbage(home: Path) -> None:
    home.mkdir()
    (home / "journal.jsonl").write_text('{"v": 1, "event": "passed", "step": 5}\nno line\n')


def _file(home: Path) -> None:
    home.write_text("")


def _folder(home: Path) -> None:
    (home / "journal.jsonl").mkdir(parents=True)


@pytest.mark.parametrize("broken", [_garbage, _file, _folder])
def test_broken_home_still_completes(complete: Complete, tmp_path: Path, broken: Callable[[Path], None]) -> None:
    broken(tmp_path / "home")
    assert complete("labrunner check clean-up/pr") == ["clean-up/prune"]
    assert complete("labrunner --home ~nobody-of-that-name/x show clean-up/pr") == ["clean-up/prune"]


@pytest.mark.parametrize("command", ["check", "run", "doctor", "goto", "images prepare", "lint"])
def test_tab_waits_for_nothing_slow(environ: dict[str, str], command: str) -> None:
    """Neither the docker SDK nor pytest nor rich is imported to complete a name."""
    given = {**environ, **asking(f"labrunner {command} pus")}
    program = [sys.executable, "-X", "importtime", "-m", "labrunner"]
    done = subprocess.run(program, env=given, capture_output=True, text=True, check=True, timeout=60)
    assert "push" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "click" in imported
    assert imported.isdisjoint({"docker", "pytest", "rich"})
