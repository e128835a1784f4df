"""The command ``labrunner``: finds a command's module when it is called, and turns errors into sentences and exits."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from labrunner import __version__
from labrunner.cli.completing import folders
from labrunner.model.errors import LabrunnerError, UsageError, unknown

if TYPE_CHECKING:  # as in entry.py
    from labrunner.verify.spawn import Spawned

EXIT_DONE, EXIT_NOT_DONE, EXIT_USAGE, EXIT_ERRORED, EXIT_INTERRUPTED = 0, 1, 2, 3, 130

#: Each command with the sentence that ``--help`` shows, grouped by what one wants to do. A command's module is imported
#: only when it is called.
GROUPS = {
    "Learn": {
        "list": "The labs, their length, what they need.",
        "start": "Make or resume a lab's folder, show its first open step.",
        "show": "A step's text.",
        "shell": "A shell in the lab's folder, bound to the engine.",
        "notebook": "A lab as a Jupyter notebook, in its folder.",
        "check": "Verify a step or a lab; the open step when left out.",
        "hint": "The next hint, from vague to exact.",
        "solve": "Do a step for me, and show how.",
        "next": "On to the next step.",
    },
    "Catch up, start over, move": {
        "goto": "Bring about what comes before a step, across labs.",
        "reset": "Back to the start of a step or a lab, removing only what the lab made.",
        "export": "Your progress and files as one file.",
        "import": "Take up on this machine what was exported on another.",
    },
    "Look on": {
        "run": "Do every step as a learner would, and verify each.",
    },
    "Teach": {
        "lint": "Judge the labs themselves, and their checks.",
        "site": "The self-paced site: build, serve.",
    },
    "This machine": {
        "doctor": "Can this host run the labs? Each blocker with the command that lifts it.",
        "engine": "The namespace engine, for hosts without Docker: start, stop, status, env, logs.",
        "images": "The images that the labs need: prepare, list, remove.",
        "completion": "What makes your shell complete commands, labs and steps: bash, zsh, fish.",
    },
}
COMMANDS = tuple(name for commands in GROUPS.values() for name in commands)

#: What a shell sets to ask for completions, as click's own scripts do for a command of this name.
COMPLETE_VARIABLE = "_LABRUNNER_COMPLETE"


class _Commands(click.Group):
    """A group that imports a command's module only when that command is called: ``--help`` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As a group does; a name that nobody knows is answered with the nearest ones, as that of a lab is."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise unknown("command", args[0], COMMANDS, next="labrunner --help")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click passes it
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"labrunner.cli.{cmd_name}_command")
        command = module.command
        assert isinstance(command, click.Command)  # noqa: S101 - what every command module defines
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """As a group does, without importing every command for its sentence."""
        names = {name: says for commands in GROUPS.values() for name, says in commands.items()}
        found = [CompletionItem(name, help=says) for name, says in names.items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click passes it
        for heading, commands in GROUPS.items():
            with formatter.section(heading):
                # One column of names in all groups.
                formatter.write_dl([(name.ljust(max(map(len, COMMANDS))), says) for name, says in commands.items()])


@click.group(cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="labrunner")
@click.option(
    "--home",
    metavar="DIR",
    help="Your home for the labs; default LABRUNNER_HOME, else ~/labrunner.",
    shell_complete=folders,
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_context
def labrunner(context: click.Context, home: str | None, *, as_json: bool) -> None:
    """A hands-on course in containers that checks what you really did.

    Without a command it says where you are: the current lab, its open step, your progress.

    \b
      labrunner start nginx-and-mongo     begin a lab
      labrunner check step3               verify what you did
      labrunner run --all                 watch all labs being done and verified
    """
    if context.invoked_subcommand is not None:
        # Given before the command's name, both mean what they mean behind it.
        given = {"home": home, "as_json": as_json}
        context.default_map = {context.invoked_subcommand: {**given, "prepare": given, "list": given, "remove": given}}
    else:
        from labrunner.cli.where import where  # noqa: PLC0415 - only where it is called

        where(home, as_json=as_json)


def run(arguments: list[str], host: Spawned | None = None) -> int:
    """Run one command line; its exit code. ``host`` is a check host's process that was started early, for ``check``."""
    as_json = "--json" in arguments
    try:
        code = labrunner.main(
            args=arguments, prog_name="labrunner", complete_var=COMPLETE_VARIABLE, standalone_mode=False, obj=host
        )
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return EXIT_USAGE
    except click.ClickException as error:
        return _fail(UsageError(_sentence(error), next=_help(error, arguments)), as_json=as_json)
    except LabrunnerError as error:
        return _fail(error, as_json=as_json)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\ninterrupted; the journal has what was done, and the same command goes on from there", err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_ERRORED
    except Exception as error:  # noqa: BLE001 - the last resort: a sentence instead of a traceback
        from labrunner.runner.unforeseen import unforeseen  # noqa: PLC0415 - only where it is needed

        return _fail(unforeseen(error), as_json=as_json)
    return code if isinstance(code, int) else EXIT_DONE


def _sentence(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    return message[:1].lower() + message[1:]


def _help(error: click.ClickException, arguments: list[str]) -> str:
    context = getattr(error, "ctx", None)
    if context:
        return f"{context.command_path} --help"
    called = next((word for word in arguments if word in COMMANDS), None)  # click forgot where an option's value lacked
    return f"labrunner {called} --help" if called else "labrunner --help"


def _fail(error: LabrunnerError, *, as_json: bool) -> int:
    if as_json:
        from labrunner.report.data import error_data  # noqa: PLC0415 - only where it is needed

        click.echo(json.dumps(error_data(error)))
    show_error(error)
    return EXIT_USAGE if isinstance(error, UsageError) else EXIT_ERRORED


def show_error(error: LabrunnerError) -> None:
    """Put an error's sentence, and what leads on, on standard error."""
    from labrunner.cli.options import screen  # noqa: PLC0415 - which takes its exit codes from here

    on = screen(err=True)
    click.echo(on.wrapped(error.says, "labrunner: ", indent=2), err=True)
    if error.next:
        click.echo(on.command(error.next, "next: "), err=True)
