"""``labrunner completion``: the script that makes a shell complete labrunner's commands, labs and steps."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from labrunner.cli.main import COMPLETE_VARIABLE, labrunner


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes SHELL complete commands, labs and steps when Tab is pressed.

    The first line is for ~/.bashrc, the second for ~/.zshrc behind compinit, the third for ~/.config/fish/config.fish.

    \b
      source <(labrunner completion bash)
      source <(labrunner completion zsh)
      labrunner completion fish | source
    """
    script = get_completion_class(shell)
    assert script is not None  # noqa: S101 - click has one for each shell of the choice
    click.echo(script(labrunner, {}, "labrunner", COMPLETE_VARIABLE).source(), nl=False)
