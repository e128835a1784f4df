"""What ``%load_ext labrunner`` does: the labs' magics, among them a ``%%bash`` that works where the lab does."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from labrunner.jupyter.magics import LabMagics


def load(shell: InteractiveShell) -> None:
    """Give IPython's shell the labs' magics."""
    shell.register_magics(LabMagics(shell))
