"""Do the actions of a step as a learner would: type into terminals, write files, open addresses."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import shutil
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from labrunner.engine.engine import Engine
from labrunner.engine.ledger import Ledger, Names, repository
from labrunner.engine.web import fetch
from labrunner.model.errors import ToolError
from labrunner.model.lab import Command, KeyPress, Lab, Step, Typed, Visit, WriteFile
from labrunner.runner.home import Home
from labrunner.runner.terminal import Terminal

#: The command that would take strangers' objects too, so that it is done by the ledger.
PRUNE = "docker system prune"
#: The commands that make something on an engine; the ledger looks at what there is before and after each.
_MAKES = re.compile(
    r"\bdocker (?:(?:container|image|volume|network) )?(?:run|create|build|commit|import|load|pull|tag)\b"
)
#: What Podman 4 has no endpoint of Docker's API for; its own command does it, with the same flags.
_UPDATE = "docker container update"
_VISIT_SECONDS = 30.0


def names_of(lab: Lab) -> Names:
    """What a lab calls its own, read from the commands of its solution."""
    lines = [shlex.split(action.line) for step in lab.steps for action in step.actions if isinstance(action, Command)]
    return Names(
        containers=frozenset(_after(lines, {"--name"})),
        runs=frozenset(repository(image) for image in lab.images),
        makes=frozenset(repository(name) for name in _made(lines)),
    )


def _after(lines: list[list[str]], flags: set[str]) -> list[str]:
    return [line[i + 1] for line in lines for i, word in enumerate(line[:-1]) if word in flags]


def _made(lines: list[list[str]]) -> list[str]:
    builds = [line for line in lines if "build" in line[:3]]
    tags = [line[-1] for line in lines if line[:2] == ["docker", "tag"]]
    pulls = [line[-1] for line in lines if line[:2] == ["docker", "pull"]]
    return [*_after(builds, {"-t", "--tag"}), *tags, *pulls]


class Hands:
    """Does one lab's actions in its folder; its terminals live until it is closed. Use it in a ``with``."""

    def __init__(self, home: Home, lab: Lab, endpoint: str, ledger: Ledger) -> None:
        self.home = home
        self.lab = lab
        self.ledger = ledger
        self.names = names_of(lab)
        self.environ = {**os.environ, "DOCKER_HOST": endpoint, "DOCKER_CONFIG": str(home.docker_config())}
        self.secrets: Mapping[str, str] = home.secrets(lab)
        self._terminals: dict[str, Terminal] = {}
        self.output = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for terminal in self._terminals.values():
            terminal.close()

    def do(self, step: Step) -> str:
        """Do all actions of a step; the last line that its last command printed, ``none`` where it printed nothing."""
        self.output = ""
        with ExitStack() as transcripts:
            for action in step.actions:
                self.home.journal.did(step.ref, action)
                if isinstance(action, Command | Typed | KeyPress):
                    terminal = self._terminal(action.terminal)
                    file = self.home.transcript(self.lab.name, step.name, action.terminal)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    terminal.record(transcripts.enter_context(file.open("a", encoding="utf-8")))
                    self._type(action, terminal)
                else:
                    self._do(action)
            for terminal in self._terminals.values():
                terminal.record(None)
        lines = self.output.strip().splitlines()
        return lines[-1] if lines else "none"

    def _terminal(self, name: str) -> Terminal:
        if name not in self._terminals:
            self._terminals[name] = Terminal(self.home.folder(self.lab.name), self.environ)
        return self._terminals[name]

    def _type(self, action: Command | Typed | KeyPress, terminal: Terminal) -> None:
        match action:
            case Command(line=line) if line.startswith(PRUNE):
                self.ledger.prune()
            case Command(line=line) if _MAKES.search(line):
                with self.ledger.recording(self.names):
                    self._run(action, terminal)
            case Command():
                self._run(action, terminal)
            case Typed(ready=None):
                terminal.leave(action.line)
            case Typed():
                terminal.hold(action.line, action.ready)
            case KeyPress():
                terminal.press(action.key)

    def _run(self, command: Command, terminal: Terminal) -> None:
        if command.hold:
            terminal.hold(command.line, command.ready)
        else:
            secret = None if command.secret is None else self.secrets[command.secret]
            self.output = terminal.run(self._spoken(command.line), reply=command.reply, secret=secret)

    def _spoken(self, line: str) -> str:
        """A command in the words of the engine's own client where Docker's cannot do it."""
        if line.startswith(_UPDATE) and self.ledger.engine.is_podman and shutil.which("podman"):
            return line.replace("docker", 'podman --url "$DOCKER_HOST"', 1)
        return line

    def _do(self, action: WriteFile | Visit) -> None:
        match action:
            case WriteFile():
                path = _inside(self.home.folder(self.lab.name), action.path)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(action.content, encoding="utf-8")
            case Visit():
                _visit(action.url, self.ledger.engine)


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ToolError(f"the lab writes {name}, which is outside its folder {folder}", next="labrunner lint")
    return path


def _visit(url: str, engine: Engine) -> None:
    """Open an address as a browser does, until it answers; whether the answer is right is for the checks.

    Where no running container publishes the address's port, there is nothing to wait for.
    """
    port = urlsplit(url).port
    deadline = time.monotonic() + _VISIT_SECONDS
    while time.monotonic() < deadline:
        try:
            fetch(url)
        except (OSError, http.client.HTTPException):
            published = {bound.host for each in engine.containers() if each.running for bound in each.ports}
            if port not in published:
                return
            time.sleep(0.02)  # a server that is starting says by nothing but its answer that it is up
        else:
            return


def asked_for(step: Step, output: str) -> str | None:
    """What the solution answers to the step's question, given the last line that the step printed."""
    if step.ask is None:
        return None
    return re.sub(r"^\$output$", lambda _: output, step.ask)
