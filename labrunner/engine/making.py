"""What is said while images are made: progress, and the sentences for what fails."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from labrunner.model.errors import ToolError

_CONTROL = re.compile(r"\x1b\[[0-9;]*m")
#: What apt says where the package registry, and not the recipe, is what fails.
_NO_ANSWER = ("failed to fetch", "unable to fetch", "unable to locate package", "temporary failure resolving")

Say = Callable[["Progress"], None]


@dataclass(frozen=True)
class Progress:
    """One moment of the work on one image: ``done`` is the finished fraction, None where nobody can know."""

    what: str
    doing: str
    done: float | None


def failure(what: str, where: str, lines: Iterable[str]) -> ToolError:
    """The sentence for work on an image that failed: what, where, and the line that says why."""
    told = [clean for line in lines if (clean := sentence(line))]
    errors = [line for line in told if line.startswith(("E: ", "ERROR: "))]
    why = (errors or told or ["it said nothing"])[-1]
    everything = "\n".join(told).casefold()
    if "no space left" in everything:
        return disk_full(what, why)
    if any(sign in everything for sign in _NO_ANSWER):
        step = "sudo apt-get update"
    elif where == "mmdebstrap" and os.geteuid() != 0:
        step = 'sudo "$(command -v labrunner)" images prepare --offline'
    else:
        step = "labrunner images prepare --offline"
    return ToolError(f"{what} was to be built, and {where} failed: {why}", next=step)


def disk_full(what: str, why: str) -> ToolError:
    """The sentence for an image that finds no room."""
    return ToolError(f"{what} needs room, and the disk is full: {why}", next="docker system df")


def sentence(words: Any) -> str:  # noqa: ANN401 - an exception or a text
    """Another program's words as a part of a sentence: one line, without colours and final periods."""
    return " ".join(_CONTROL.sub("", str(words)).split()).rstrip(".")
