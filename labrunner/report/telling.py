"""An action of the solution as text, told before it is done: what is typed where, and what its words mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from labrunner.content.explain import Meaning, explain
from labrunner.model.lab import Action, Command, KeyPress, Typed, Visit, WriteFile
from labrunner.report.screen import NARROW, Screen


def action_text(action: Action, meanings: Mapping[str, Meaning], screen: Screen) -> str:
    """The action, after an empty line; what is typed is explained below it."""
    match action:
        case Command() | Typed():
            typed = screen.command(action.line, f"# in the terminal {action.terminal}: ")
            return "\n".join(["", typed, *_explained(action.line, meanings, screen)])
        case KeyPress():
            return f"\n# in the terminal {action.terminal}: press {action.key}"
        case WriteFile():
            return f"\n# write the file {action.path}:\n{action.content.rstrip()}"
        case Visit():
            return f"\n# open {action.url}"


def _explained(line: str, meanings: Mapping[str, Meaning], screen: Screen) -> Iterator[str]:
    """What each word means that is known, in two columns where there is room."""
    pairs = explain(line, meanings)
    column = max((len(words) for words, _ in pairs), default=0)
    for words, says in pairs:
        if screen.width < NARROW:
            yield screen.wrapped(says, f"# {words}: ", indent=4)
        else:
            yield screen.wrapped(says, f"#   {words.ljust(column)}  ")
