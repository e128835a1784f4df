"""Terminals that outlast the hands that type in them: the program of one step is still there in the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect

from labrunner.model.lab import Lab
from labrunner.runner.shell import Prompt, shell_environ
from labrunner.runner.terminal import READY_SECONDS, Terminal, spawn_shell


class Terminals:
    """The terminals of all labs of one home, opened when they are asked for.

    ``folder`` and ``environ`` give a lab's folder, and the environment of its terminals, by the lab's name.
    """

    def __init__(self, folder: Callable[[str], Path], environ: Callable[[str], Mapping[str, str]]) -> None:
        self._folder = folder
        self._environ = environ
        self._open: dict[tuple[str, str], tuple[pexpect.spawn[str], Prompt]] = {}

    def open(self, lab: Lab, name: str) -> Terminal:
        """The lab's terminal of that name; closing it does nothing."""
        key = (lab.name, name)
        if key in self._open:
            return _terminal(*self._open[key])
        prompt = Prompt(f"{lab.name}$ ")
        with shell_environ({**self._environ(lab.name), "TERM": "xterm"}, prompt) as known:
            child = spawn_shell(self._folder(lab.name), known)
            self._open[key] = (child, prompt)
            terminal = _terminal(child, prompt)
            terminal.expect_prompt(READY_SECONDS)
        return terminal

    def close(self, name: str | None = None) -> None:
        """End the terminals of that name, or all, with what still runs in them."""
        for key in [key for key in self._open if name in {None, key[1]}]:
            _end(self._open.pop(key)[0])


def _end(child: pexpect.spawn[str]) -> None:
    try:
        child.close(force=True)
    except pexpect.ExceptionPexpect:  # it was killed, and goes slowly on a busy host
        child.wait()


def _terminal(child: pexpect.spawn[str], prompt: Prompt) -> Terminal:
    return Terminal(child, prompt, echoes=child.getecho, end=lambda: None)
