"""The fences of a lab's text, each with a label that says what the reader does with it."""

from __future__ import annotations

import shlex
from html import escape

from markdown_it.token import Token

from labrunner.content.parse import MARKDOWN


def labelled(text: str) -> str:
    """The lab's Markdown with its fences as MyST reads them: a label before each that has words behind its language.

    The words themselves (``run hold ready='PID'``) are for the runner, and go.
    """
    lines = text.split("\n")
    for token in reversed(MARKDOWN.parse(text)):  # from the end, so that the lines before keep their numbers
        if token.type == "fence" and token.map:
            first, last = token.map
            indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
            lines[first:last] = [f"{indent}{line}".rstrip() for line in _block(token)]
    return "\n".join(lines)


def block(kind: str, label: str, language: str, content: str) -> list[str]:
    """The lines of a fence of that language behind a label; ``kind`` is the class that its looks hang on."""
    fence = "`" * 3
    while fence in content:
        fence += "`"
    code = [f"{fence}{language}", *content.rstrip("\n").split("\n"), fence]
    return [f'<div class="lab-block lab-{kind}">', f'<p class="lab-label">{label}</p>', "", *code, "", "</div>"]


def terminal_label(act: str, terminal: str) -> str:
    """``act`` and, where it is not the main one, the terminal in which it is done."""
    return act if terminal == "main" else f"{act} in the terminal <code>{escape(terminal)}</code>"


def _block(fence: Token) -> list[str]:
    language, *words = shlex.split(fence.info) or [""]
    options = dict(word.partition("=")[::2] for word in words)
    terminal = options.get("term", "main")
    content = fence.content
    match words[:1]:
        case []:
            return [f"{fence.markup}{fence.info}", *content.rstrip("\n").split("\n"), fence.markup]
        case [first] if first.startswith("file="):
            return block("file", f"The file <code>{escape(options['file'])}</code>", language, content)
        case [first] if first.startswith("open="):
            address = escape(content.strip())
            link = f'<a href="{address}">{address}</a>'
            return [
                '<div class="lab-block lab-open">',
                f'<p class="lab-label">Open in your browser</p><p>{link}</p></div>',
            ]
        case [first] if first.startswith("press="):
            keys = "-".join(f"<kbd>{escape(key)}</kbd>" for key in options["press"].split("-"))
            label = terminal_label("Press", terminal)
            return ['<div class="lab-block lab-press">', f'<p class="lab-label">{label}</p><p>{keys}</p></div>']
        case ["shows"]:
            return block("shows", "You see", "text", content)
        case ["aside"]:
            return block("aside", "Only where it concerns you", language, content)
    if "type" in options:
        return block("run", f"Type at the prompt in the terminal <code>{escape(terminal)}</code>", language, content)
    return block("run", terminal_label("Type", terminal), language, content)
