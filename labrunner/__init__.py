"""labrunner: a hands-on course in containers that checks what you really did."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line needs none of it
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%load_ext labrunner`` calls, with IPython's shell."""
    from labrunner.jupyter.extension import load  # noqa: PLC0415 - as above

    load(shell)
