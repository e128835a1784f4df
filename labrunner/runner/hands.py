"""Do the actions of a step as a learner would: type into terminals, write files, open addresses."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO
from urllib.parse import urlsplit

from labrunner.engine.engine import Engine
from labrunner.engine.examine import Names
from labrunner.engine.references import repository
from labrunner.engine.web import Page, fetch
from labrunner.model.errors import ToolError
from labrunner.model.lab import Action, Command, KeyPress, Lab, Step, Typed, Visit, WriteFile
from labrunner.runner.home import Home
from labrunner.runner.shell import without_marks
from labrunner.runner.terminal import Terminal, open_terminal

_VISIT_SECONDS = 30.0


def names_of(lab: Lab) -> Names:
    """What a lab calls its own, read from the commands of its solution."""
    typed = [action.line for step in lab.steps for action in step.actions if isinstance(action, Command)]
    lines = [shlex.split(line) for line in typed]
    pulled = [line[-1] for line in lines if line[:2] == ["docker", "pull"]]
    return Names(
        containers=frozenset(name for line in lines for name in values_of(line, {"--name"})),
        makes=frozenset(repository(name) for name in [*names_given(typed), *pulled]),
    )


def values_of(words: list[str], flags: set[str]) -> list[str]:
    """The words of a command line that follow one of these flags."""
    return [words[i + 1] for i, word in enumerate(words[:-1]) if word in flags]


def names_given(typed: Iterable[str]) -> list[str]:
    """The names that command lines give to images, by building and by tagging."""
    lines = [shlex.split(line) for line in typed]
    builds = [line for line in lines if "build" in line[:3]]
    tags = [line[-1] for line in lines if line[:2] == ["docker", "tag"]]
    return [*(name for line in builds for name in values_of(line, {"-t", "--tag"})), *tags]


class _Shown:
    """What a terminal shows, without the prompts' marks, goes to the transcript, and to the screen if there is one."""

    def __init__(self, *files: TextIO | None) -> None:
        self._files = [file for file in files if file is not None]
        self._begun = ""  # of a mark whose end is still to come

    def write(self, text: str) -> None:
        text, self._begun = without_marks(self._begun + text)
        for file in self._files:
            file.write(text)

    def flush(self) -> None:
        for file in self._files:
            file.flush()


class Hands:
    """Does one lab's actions in its folder, and lets go of its terminals when it is closed. Use it in a ``with``.

    ``host`` is what the terminals take for the engine: the socket of the scope. ``opened`` gives the terminal of a
    name, by default one of its own; ``telling`` is told of each action before it is done, and ``screen`` shows what the
    terminals show.
    """

    def __init__(  # noqa: PLR0913 - what a learner has at hand
        self,
        home: Home,
        lab: Lab,
        engine: Engine,
        host: str,
        *,
        opened: Callable[[str], Terminal] | None = None,
        telling: Callable[[Action], None] = lambda _: None,
        screen: TextIO | None = None,
    ) -> None:
        self.home = home
        self.lab = lab
        self.engine = engine
        self.environ = {**os.environ, "DOCKER_HOST": host, "DOCKER_CONFIG": str(home.docker_config())}
        self.secrets: Mapping[str, str] = home.secrets(lab)
        self._opened = opened or (lambda _: open_terminal(home.folder(lab.name), self.environ))
        self._telling = telling
        self._screen = screen
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
                self._telling(action)
                if isinstance(action, Command | Typed | KeyPress):
                    terminal = self._terminal(action.terminal)
                    file = self.home.transcript(self.lab.name, step.name, action.terminal)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    terminal.record(_Shown(transcripts.enter_context(file.open("a", encoding="utf-8")), self._screen))
                    self._type(action, terminal)
                else:
                    self._do(action)
            for terminal in self._terminals.values():
                terminal.record(None)
        lines = self.output.strip().splitlines()
        return lines[-1] if lines else "none"

    def _terminal(self, name: str) -> Terminal:
        if name not in self._terminals:
            self._terminals[name] = self._opened(name)
        return self._terminals[name]

    def _type(self, action: Command | Typed | KeyPress, terminal: Terminal) -> None:
        match action:
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
            self.output = terminal.run(command.line, reply=command.reply, secret=secret)

    def _do(self, action: WriteFile | Visit) -> None:
        match action:
            case WriteFile():
                path = _inside(self.home.folder(self.lab.name), action.path)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(action.content, encoding="utf-8")
            case Visit():
                visit(action.url, self.engine)


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ToolError(f"the lab writes {name}, which is outside its folder {folder}", next="labrunner lint")
    return path


def visit(url: str, engine: Engine) -> Page | None:
    """Open an address as a browser does, until it answers; whether the answer is right is for the checks.

    None where nothing answers in HTTP. Where no running container publishes the port, there is nothing to wait for.
    """
    port = urlsplit(url).port
    deadline = time.monotonic() + _VISIT_SECONDS
    while time.monotonic() < deadline:
        try:
            return fetch(url)
        except (OSError, http.client.HTTPException):
            published = {bound.host for each in engine.containers() if each.running for bound in each.ports}
            if port not in published:
                return None
            time.sleep(0.02)  # a server that is starting says by nothing but its answer that it is up
    return None


def asked_for(step: Step, output: str) -> str | None:
    """What the solution answers to the step's question, given the last line that the step printed."""
    if step.ask is None:
        return None
    return re.sub(r"^\$output$", lambda _: output, step.ask)
