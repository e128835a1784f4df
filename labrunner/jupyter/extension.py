"""What ``%load_ext labrunner`` does: the labs' magics, and a ``%%bash`` that works where the lab does."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from labrunner.jupyter.magics import LabMagics


def load(shell: InteractiveShell) -> None:
    """Give IPython's shell the labs' magics."""
    magics = LabMagics(shell)
    shell.register_magics(magics)
    plain = shell.find_cell_magic("bash")  # type: ignore[no-untyped-call] # IPython has few types

    def bash(line: str, cell: str) -> object:
        """The shell's own %%bash, in the lab's folder and environment; a command that fails says so itself."""
        return magics.at_desk() or plain(f"--no-raise-error {line}", cell)

    shell.magics_manager.register_function(bash, "cell", "bash")
