"""The shell of a lab: the environment that every terminal of the lab has, whoever opens it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from labrunner.engine.find import ENDPOINT, install_advice
from labrunner.engine.podman import podman_settings
from labrunner.model.errors import ToolError, UsageError
from labrunner.model.lab import Command, KeyPress, Step, Typed
from labrunner.model.verdict import EngineFacts
from labrunner.runner.home import Home
from labrunner.runner.keeping import Keeping
from labrunner.runner.terminal import COMMAND_SECONDS, Terminal

#: In a kept terminal: its name, as ``lab/name``.
TERMINAL = "LABRUNNER_TERMINAL"
#: What is true of a lab's shell on a host without Docker's client.
UNSCOPED = "docker is podman itself: no scope stands in between, and prune takes all that is stopped on this engine"
_POLL_SECONDS = 0.05


def lab_environ(
    home: Home, endpoint: str, docker_host: str, outside: Mapping[str, str] = os.environ
) -> Mapping[str, str]:
    """What a lab's shell is started with: ``docker`` asks ``docker_host``, and labrunner judges by ``endpoint``.

    ``labrunner`` itself is found on its PATH, for this very home.
    """
    own = str(Path(sys.executable).parent)
    return {
        **outside,
        "PATH": os.pathsep.join([own, outside.get("PATH", os.defpath)]),
        "DOCKER_HOST": docker_host,
        "DOCKER_CONFIG": str(home.docker_config()),
        "LABRUNNER_HOME": str(home.path),
        ENDPOINT: endpoint,
    }


def without_docker(home: Home, facts: EngineFacts, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The lab's environment on a host without Docker's client; ToolError where Podman's cannot serve instead."""
    if facts.kind != "podman" or shutil.which("podman") is None:
        raise ToolError("a shell was asked for, and there is no docker command on PATH", next=install_advice())
    return podman_as_docker(home, environ)


def podman_as_docker(home: Home, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The lab's environment with a ``docker`` that is Podman's own client, for hosts without Docker's.

    It speaks Podman's own API, which no scope stands in front of. Logins stay in the lab's configuration.
    """
    folder = home.path / ".bin"
    script = folder / "docker"
    config = home.docker_config()
    folder.mkdir(parents=True, exist_ok=True)
    script.write_text(f'#!/bin/sh\nexec podman --url "${ENDPOINT}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return {
        **environ,
        **podman_settings(config, environ),
        "PATH": os.pathsep.join([str(folder), environ["PATH"]]),
        "DOCKER_HOST": environ[ENDPOINT],
        "REGISTRY_AUTH_FILE": str(config / "config.json"),
    }


class LabTerminals:
    """The kept terminals of one lab, to be typed to."""

    def __init__(self, home: Home, lab: str, environ: Mapping[str, str]) -> None:
        self._keeping = Keeping(home.path)
        self._lab = lab
        self._folder = home.folder(lab)
        self._environ = environ

    def name(self, wanted: str) -> str:
        """The terminal that stands for ``wanted``: another one where labrunner itself is running in that one."""
        return f"{wanted}-solved" if os.environ.get(TERMINAL) == f"{self._lab}/{wanted}" else wanted

    def demand_for(self, step: Step) -> None:
        """UsageError unless each terminal of a step is free, or held by a program, as the first action there needs it.

        A command of this very step that runs there is waited for: whoever typed it was interrupted before its end.
        """
        own = {" ".join(shlex.split(each.line)) for each in step.actions if isinstance(each, Command) and not each.hold}
        seen: set[str] = set()
        for action in step.actions:
            if isinstance(action, Command | Typed | KeyPress) and action.terminal not in seen:
                seen.add(action.terminal)
                deadline = time.monotonic() + COMMAND_SECONDS
                while self.runs(action.terminal) in own and time.monotonic() < deadline:
                    time.sleep(_POLL_SECONDS)  # nothing but its end says that a program has ended
                self._demand(action.terminal, program=not isinstance(action, Command))

    def runs(self, wanted: str) -> str | None:
        """The program that holds the terminal; None where its shell waits for a command, or it is not open."""
        states = {(state["lab"], state["terminal"]): state["runs"] for state in self._keeping.terminals()}
        return states.get((self._lab, self.name(wanted)))

    def _demand(self, wanted: str, *, program: bool) -> None:
        name, runs = self.name(wanted), self.runs(wanted)
        if runs is None and program:
            raise UsageError(
                f"this step types into the program of the lab's terminal {name!r}, and none runs there",
                next="type it in the terminal where you started that program, then labrunner check;"
                f" where that terminal has ended: labrunner reset {self._lab}",
            )
        if runs is not None and not program:
            raise UsageError(
                f"this step types into the lab's terminal {name!r}, and {runs!r} runs there",
                next=f"labrunner shell --term {name}, and end it there (Ctrl-C, or exit)",
            )

    def open(self, wanted: str) -> Terminal:
        """The terminal, opened where there is none."""
        name = self.name(wanted)
        environ = {**self._environ, TERMINAL: f"{self._lab}/{name}"}
        return self._keeping.terminal(self._lab, name, self._folder, environ)
