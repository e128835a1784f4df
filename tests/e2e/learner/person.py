"""One learner: the commands as they type them, the terminals they look at, and what they leave on the machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pexpect

from tests.measuring import unmeasured
from tests.unit.processes import waited

#: Seconds that a command, or a line in a terminal, may take on a busy host.
PATIENCE = 120
#: The prompt of a lab's shell, whose mark carries the last exit code.
PROMPT = r"\x1b\]133;D;(\d+);aid=[0-9a-f]+\x07[a-z-]+\$ "

Done = subprocess.CompletedProcess[str]


class Screen:
    """A window with ``labrunner shell`` in it."""

    def __init__(self, child: pexpect.spawn[str]) -> None:
        self.child = child
        self.child.delaybeforesend = None
        self.child.expect(PROMPT)

    def types(self, line: str, *, reply: tuple[str, str] | None = None) -> str:
        """Type a line and wait for the prompt; what it showed. ``reply`` is a question and what it is answered."""
        self.child.sendline(line)
        if reply is not None:
            self.child.expect(reply[0])
            self.child.sendline(reply[1])
        self.child.expect(PROMPT)
        return (self.child.before or "").replace("\r", "")

    def holds(self, line: str, ready: str) -> None:
        """Type a line to the shell, or to the program that holds the terminal, and wait for what it shows."""
        self.child.sendline(line)
        self.child.expect_exact("\n")
        self.child.expect(ready)

    def presses(self, key: str) -> None:
        """Press Ctrl and a letter, and wait for the prompt."""
        self.child.sendcontrol(key)
        self.child.expect(PROMPT)

    def lets_go(self) -> None:
        """Ctrl-]: the window closes, the terminal goes on."""
        self.child.sendcontrol("]")
        self.child.expect("it goes on")
        self.child.expect(pexpect.EOF)
        self.child.close()


@dataclass
class Person:
    """One learner in ``folder`` on the engine at ``host``, whose home, ledger and sockets are their own.

    The sockets are elsewhere, since the path of a unix socket has to be short.
    """

    folder: Path
    host: str
    runtime: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="lr-", dir="/tmp")))
    measured: bool = False  # whether coverage is measured in what they start
    screens: dict[tuple[str, str], Screen] = field(default_factory=dict)
    _begun: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """Where the labs are."""
        return self.folder / "home"

    @property
    def environ(self) -> dict[str, str]:
        """The environment of their windows."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LABRUNNER_")}
        kept = kept if self.measured else unmeasured(kept)
        own = {"LABRUNNER_HOME": str(self.home), "XDG_STATE_HOME": str(self.folder / "state")}
        where = {"XDG_RUNTIME_DIR": str(self.runtime), "DOCKER_HOST": self.host}
        return {**kept, **own, **where, "TERM": "xterm", "NO_COLOR": "1"}

    def labrunner(self, *words: str, given: str = "", through: Sequence[str] = ()) -> Done:
        """Type a command and read all that it says; ``given`` is what it reads, ``through`` the program to start it."""
        return subprocess.run(
            [*through, sys.executable, "-m", "labrunner", *words], env=self.environ, cwd=self.folder, input=given,
            capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip

    def does(self, *words: str, given: str = "") -> str:
        """A command that has to end well; what it says."""
        done = self.labrunner(*words, given=given)
        assert done.returncode == 0, f"labrunner {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def types(self, lab: str, lines: str) -> str:
        """Start the lab, and give its shell these lines; what they print."""
        self.does("start", lab)
        done = self.labrunner("shell", given=lines)
        return done.stdout + done.stderr

    def begins(self, *words: str) -> subprocess.Popen[str]:
        """A command that goes on while others are typed."""
        begun = subprocess.Popen(
            [sys.executable, "-m", "labrunner", *words], env=self.environ, cwd=self.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._begun.append(begun)
        return begun

    def window(self, lab: str, name: str = "main") -> Screen:
        """The window that shows that terminal of the current lab; it is opened where there is none."""
        if (lab, name) not in self.screens:
            child: pexpect.spawn[str] = pexpect.spawn(
                sys.executable, ["-m", "labrunner", "shell", "--term", name], env=self.environ, cwd=str(self.folder),
                timeout=PATIENCE, encoding="utf-8", codec_errors="replace", dimensions=(50, 240),
            )  # fmt: skip
            self.screens[lab, name] = Screen(child)
        return self.screens[lab, name]

    def verdicts(self, target: str, *words: str) -> dict[str, str]:
        """What ``check`` says of each step: its verdict."""
        report = json.loads(self.labrunner("check", target, *words, "--json").stdout)
        return {step["name"]: step["verdict"] for lab in report["labs"] for step in lab["steps"]}

    def is_refused(self, target: str, *words: str) -> dict[str, Any]:
        """The first check that has FAILED; it has a reason and a next command, which ``hint`` repeats."""
        done = self.labrunner("check", target, *words, "--json")
        assert done.returncode == 1, done.stdout + done.stderr
        (step,) = (step for lab in json.loads(done.stdout)["labs"] for step in lab["steps"])
        check: dict[str, Any] = next(check for check in step["checks"] if check["verdict"] != "passed")
        assert check["reason"]
        assert check["next"]
        hint = unwrapped(self.does("hint", target))
        assert unwrapped(f"the last check found: {check['reason']}") in hint
        first, *more = re.split(", (then|or) ", check["next"])
        assert unwrapped(f"so type: {first}") in hint
        assert all(unwrapped(f"{word}: {command}") in hint for word, command in zip(more[::2], more[1::2], strict=True))
        return check

    def processes(self) -> dict[int, str]:
        """What runs of theirs on this host: the keeper, the scope, the shells, what was started there."""
        return dict(_with_environ(f"XDG_RUNTIME_DIR={self.runtime}".encode()))

    def keeper(self) -> int:
        """The PID of their keeper."""
        (pid,) = (pid for pid, line in self.processes().items() if "labrunner.runner.keeper" in line)
        return pid

    def goes(self) -> None:
        """``reset --all``, after which nothing of theirs runs and nothing that they made is there."""
        for begun in self._begun:
            with begun:
                begun.kill()
        for screen in self.screens.values():
            screen.child.close(force=True)
        self.does("reset", "--all")
        assert waited(lambda: not self.processes()), self.processes()
        shutil.rmtree(self.runtime)


def unwrapped(text: str) -> str:
    """The words of a text, wherever its lines ended."""
    return " ".join(text.split())


def _with_environ(variable: bytes) -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").iterdir():
        if not re.fullmatch(r"\d+", folder.name):
            continue
        try:
            if variable in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has just ended, or is another user's
            continue
