"""A learner with a shell: types commands, writes files, opens pages, and asks ``labrunner check`` for the verdict."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pexpect
import pytest

from tests.e2e.near_misses.belongings import Belongings
from tests.measuring import unmeasured

#: Seconds that a program gets to show what is waited for.
PATIENCE = 30
#: Seconds that a verdict may take on a busy host; where the lab promises less, the test says so.
PATIENCE_WITH_CHECK = 15.0
_EXIT_CODES = {"passed": 0, "failed": 1, "blocked": 1, "errored": 3}


@dataclass(frozen=True)
class Judged:
    """What ``labrunner check --json`` said of one step, and how long it took."""

    step: str
    verdict: str
    state: str
    checks: tuple[Mapping[str, Any], ...]
    seconds: float

    @property
    def reasons(self) -> str:
        """The reasons of all checks that have not passed."""
        return "; ".join(check["reason"] for check in self.checks if check["verdict"] != "passed")

    @property
    def evidence(self) -> dict[str, Any]:
        """The evidence of all checks."""
        return {name: value for check in self.checks for name, value in check["evidence"].items()}

    def __str__(self) -> str:
        return f"{self.step} is {self.verdict} ({self.state}) after {self.seconds:.1f} s: {self.reasons or 'no reason'}"


@dataclass
class Learner:
    """One learner with a home of their own.

    ``lab`` is where they are now, ``passed`` what they have done, with its evidence; ``over`` is what a terminal
    shows at its end.
    """

    home: Path
    belongings: Belongings
    lab: str = ""
    variables: dict[str, Mapping[str, str]] = field(default_factory=dict)
    passed: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    terminals: dict[str, pexpect.spawn[str]] = field(default_factory=dict)
    over = pexpect.EOF
    _programs: list[pexpect.spawn[str]] = field(default_factory=list)

    def __getitem__(self, variable: str) -> str:
        return self.variables[self.lab][variable]

    @property
    def folder(self) -> Path:
        """The folder of the current lab."""
        return self.home / self.lab

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the learner's shell: the host's, with a Docker configuration of its own.

        Nothing is measured there: other tests cover the same lines, and these ask for hundreds of verdicts.
        """
        mine = {"DOCKER_CONFIG": str(self.home.parent / "docker-config"), "TERM": "xterm"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LABRUNNER_")}
        return {**unmeasured(kept), **mine}

    def starts(self, lab: str) -> None:
        """Start a lab, or come back to it."""
        if lab not in self.variables:
            said = self._labrunner("start", lab)
            assert said.returncode == 0, said.stderr
            started = json.loads(said.stdout)
            assert started["folder"] == str(self.home / lab)
            self.variables[lab] = started["variables"]
        self.lab = lab

    def types(self, line: str, *, fails: bool = False) -> str:
        """Type a command line in the lab's folder; what it prints on standard output."""
        with self.belongings.noting(line) as noted:
            done = self._run("bash", "-ec", noted)
        if " build " in line:
            self.belongings.note_build(done.stdout)
        assert (done.returncode != 0) is fails, f"{line}\nended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def holds(self, line: str, ready: str) -> pexpect.spawn[str]:
        """Type a command that keeps its terminal, and wait until it shows ``ready``."""
        with self.belongings.noting(line) as noted:
            program = pexpect.spawn(
                "bash", ["-c", f"exec {noted}"], cwd=str(self.folder), env=self.environ, timeout=PATIENCE,
                encoding="utf-8", codec_errors="replace",
            )  # fmt: skip
            self._programs.append(program)
            program.expect(ready)
        return program

    def writes(self, file: str, content: str) -> None:
        """Save a file in the lab's folder."""
        self.folder.joinpath(file).write_text(content, encoding="utf-8")

    def opens(self, url: str) -> str:
        """Open a page, as soon as something answers there; its text."""
        parts = urlsplit(url)
        deadline = time.monotonic() + PATIENCE
        while True:
            connection = http.client.HTTPConnection(parts.hostname or "localhost", parts.port, timeout=5)
            try:
                connection.request("GET", parts.path or "/")
                return connection.getresponse().read().decode(errors="replace")
            except (OSError, http.client.HTTPException):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)  # nothing but an answer says that a server is up
            finally:
                connection.close()

    def id_of(self, container: str) -> str:
        """The ID of a container."""
        return self.types(f"docker container inspect --format '{{{{.Id}}}}' {container}")

    def digits_of(self, identity: str) -> str:
        """The fewest digits of a container's ID, three or more, with which no other one's begins."""
        everyone = self.types("docker container ls --all --quiet --no-trunc").split()
        return next(
            identity[:length]
            for length in range(3, len(identity))
            if sum(other.startswith(identity[:length]) for other in everyone) == 1
        )

    @contextmanager
    def without(self, image: str) -> Iterator[None]:
        """Take an image's name away for a while, with the image itself kept under another name."""
        kept = "labrunner-test/kept:" + image.replace(":", "-").replace("/", "-")
        self.types(f"docker tag {image} {kept}")
        try:
            self.types(f"docker image rm {image}")
            yield
        finally:
            self.types(f"docker tag {kept} {image}")
            self.types(f"docker image rm {kept}")

    def with_home_copied_to(self, home: Path) -> Learner:
        """This learner as of now, in another home: what is judged there changes nothing here."""
        shutil.copytree(self.home, home)
        return Learner(home, self.belongings, self.lab, dict(self.variables), dict(self.passed))

    def passes(self, step: str, *, answer: str | None = None) -> dict[str, Any]:
        """Ask for a verdict, which has to be PASSED, as of now; the evidence."""
        judged = self.asks_about(step, answer)
        assert (judged.verdict, judged.state) == ("passed", "holds"), judged
        assert judged.evidence, f"{step} has passed without evidence"
        self.passed[judged.step] = judged.evidence
        return judged.evidence

    def is_refused(
        self,
        step: str,
        *,
        because: str | tuple[str, ...],
        answer: str | None = None,
        state: str = "open",
        within: float = PATIENCE_WITH_CHECK,
    ) -> None:
        """Ask for a verdict, which has to be FAILED, for this reason (or one of these), with what to type next."""
        judged = self.asks_about(step, answer)
        assert judged.verdict == "failed", judged
        assert judged.state == state, judged
        assert any(reason in judged.reasons for reason in ([because] if isinstance(because, str) else because)), judged
        assert judged.seconds < within, judged

    def is_blocked(self, step: str, *, on: str, answer: str | None = None, state: str = "open") -> None:
        """Ask for a verdict, which has to be BLOCKED, on that step."""
        judged = self.asks_about(step, answer)
        assert judged.verdict == "blocked", judged
        assert judged.state == state, judged
        assert judged.reasons.startswith(f"{on} comes first"), judged
        assert judged.checks[0]["next"] == f"labrunner check {on}"

    def asks_about(self, step: str, answer: str | None = None) -> Judged:
        """What ``labrunner check LAB/STEP --json`` says."""
        asked = step if "/" in step else f"{self.lab}/{step}"
        (judged,) = self._checked(asked, () if answer is None else ("--answer", answer))
        assert judged.step == asked
        return judged

    def finds_all_passed(self, lab: str) -> dict[str, str]:
        """Ask about a whole lab, all of which has to be PASSED and over or still there; the state of each step."""
        judged = self._checked(lab)
        assert {each.verdict for each in judged} == {"passed"}, "\n".join(map(str, judged))
        states = {each.step.partition("/")[2]: each.state for each in judged}
        assert set(states.values()) <= {"holds", "ended"}, states
        return states

    def _checked(self, target: str, more: tuple[str, ...] = ()) -> list[Judged]:
        began = time.monotonic()
        said = self._labrunner("check", target, *more)
        seconds = time.monotonic() - began
        report = json.loads(said.stdout)  # one JSON object and nothing else
        assert said.returncode == _EXIT_CODES[report["verdict"]], said.stdout + said.stderr
        (lab,) = report["labs"]
        for check in (check for step in lab["steps"] for check in step["checks"]):
            assert (check["reason"] is None) is (check["verdict"] == "passed"), check
            assert check["verdict"] == "passed" or check["next"], f"a reason without what to type next: {check}"
        return [
            Judged(f"{lab['lab']}/{step['name']}", step["verdict"], step["state"], tuple(step["checks"]), seconds)
            for step in lab["steps"]
        ]

    def _labrunner(self, command: str, *words: str) -> subprocess.CompletedProcess[str]:
        return self._run(sys.executable, "-m", "labrunner", command, *words, "--home", str(self.home), "--json")

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder if self.folder.is_dir() else self.home.parent, env=self.environ,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def goes(self) -> None:
        """Close every terminal, and remove everything that was made."""
        for program in self._programs:
            program.close(force=True)
        self.belongings.remove()


def fails_with(learner: Learner, line: str, words: str) -> None:
    """Type a command that must fail with these words of the docker client's."""
    printed = learner.types(f"{{ {line}; }} 2>&1", fails=True)
    if words not in printed:
        pytest.fail(f"{line} failed with: {printed}")
