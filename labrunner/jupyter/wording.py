"""The command line's words as one says them in a notebook."""

from __future__ import annotations

import re

_MAGICS = {
    "start": "%lab",
    "check": "%check",
    "hint": "%hint",
    "solve": "%solve",
    "goto": "%goto",
    "reset": "%reset_lab",
}
_COMMAND = re.compile(rf"\blabrunner ({'|'.join(_MAGICS)})\b(?! --all)")


def in_notebook(text: str) -> str:
    """The text with each command that is a magic named as such: ``labrunner check step3`` is ``%check step3``."""
    text = text.replace("labrunner next", "the cells of the next step")
    return _COMMAND.sub(lambda found: _MAGICS[found[1]], text)
