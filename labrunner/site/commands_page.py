"""The reference of commands, made from the commands themselves: what ``--help`` shows, as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import cleandoc

import click


def commands_page(root: click.Group, groups: Mapping[str, Mapping[str, str]]) -> str:
    """Every command of ``root`` under the headings that its help groups them by."""
    context = click.Context(root, info_name=root.name)
    parts = ["# Commands", *_command(root, context)]
    for heading, names in groups.items():
        parts.append(f"## {heading}")
        for name in names:
            command = root.get_command(context, name)
            assert command is not None  # noqa: S101 - the groups name the root's own commands
            parts += _headed(command, click.Context(command, context, name))
    return "\n\n".join(parts) + "\n"


def _headed(command: click.Command, context: click.Context) -> Iterator[str]:
    path = context.command_path
    yield f"{'#' * (len(path.split()) + 1)} {path}"
    yield from _command(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None  # noqa: S101 - as above
            yield from _headed(inner, click.Context(inner, context, name))


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    yield _code(" ".join([context.command_path, *command.collect_usage_pieces(context)]))
    for paragraph in cleandoc(command.help or "").split("\n\n"):
        kept = paragraph.removeprefix("\b\n")  # click's mark of lines that stay as they are: here, the examples
        yield _code(cleandoc(f"\n{kept}")) if kept != paragraph else kept
    records = [record for param in command.get_params(context) if (record := param.get_help_record(context))]
    yield "\n".join(
        ["| option | meaning |", "| --- | --- |", *(f"| `{names}` | {_cell(says)} |" for names, says in records)]
    )


def _code(text: str) -> str:
    return f"```text\n{text}\n```"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
