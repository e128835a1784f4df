"""Markdown as text for a terminal: paragraphs are wrapped, code never is, and nothing is drawn with characters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from textwrap import indent

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from labrunner.report.screen import GLUE, Colour, Screen, length

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_CODE_INDENT = 4


def rendered(source: str, screen: Screen) -> str:
    """The Markdown (CommonMark with tables) as it is read on that screen, without a newline at its end."""
    return "\n\n".join(_blocks(SyntaxTreeNode(_MARKDOWN.parse(source)).children, screen))


def _blocks(nodes: list[SyntaxTreeNode], screen: Screen) -> Iterator[str]:
    for node in nodes:
        match node.type:
            case "heading":
                yield screen.wrapped(_bold(node, screen))
            case "paragraph":
                yield screen.wrapped(_words(node, screen))
            case "fence" | "code_block":
                yield _code(node.content.rstrip("\n"), screen)
            case "bullet_list" | "ordered_list":
                yield _list(node, screen)
            case "blockquote":
                yield indent("\n\n".join(_blocks(node.children, _narrower(screen, 2))), "  ")
            case "table":
                yield _table(node, screen)


def _code(content: str, screen: Screen) -> str:
    """Code as it is; indented if every line fits then, so that all of it can be copied either way."""
    lines = content.split("\n")
    before = " " * _CODE_INDENT if max(map(len, lines)) + _CODE_INDENT <= screen.width else ""
    return indent("\n".join(screen.paint(line, Colour.CYAN) for line in lines), before)


def _list(node: SyntaxTreeNode, screen: Screen) -> str:
    start = int(str(node.attrs.get("start", 1)))
    items = []
    for number, item in enumerate(node.children, start=start):
        mark = f"{number}. " if node.type == "ordered_list" else "- "
        body = "\n".join(_blocks(item.children, _narrower(screen, len(mark))))
        items.append(mark + indent(body, " " * len(mark))[len(mark) :])
    return "\n".join(items)


def _table(node: SyntaxTreeNode, screen: Screen) -> str:
    """Columns where they fit; else row after row, each cell behind its column's heading."""
    rows = [[_words(cell, screen) for cell in row.children] for part in node.children for row in part.children]
    widths = [max(map(length, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) <= screen.width:
        lines = (
            "  ".join(cell + " " * (width - length(cell)) for cell, width in zip(row, widths, strict=True))
            for row in rows
        )
        return "\n".join(line.rstrip() for line in lines).replace(GLUE, " ")
    heads, *rest = rows
    return "\n".join(_row(heads, row, screen) for row in rest)


def _row(heads: list[str], row: list[str], screen: Screen) -> str:
    named = [f"{head}: {cell}" if head else cell for head, cell in zip(heads, row, strict=True)]
    return "\n".join(screen.wrapped(text, "  " if column else "") for column, text in enumerate(named))


def _words(node: SyntaxTreeNode, screen: Screen) -> str:
    """The text inside a block, on one line."""
    return "".join(_inline(child, screen) for child in node.children)


def _bold(node: SyntaxTreeNode, screen: Screen) -> str:
    """Each word bold by itself, so that a line may end between them."""
    return " ".join(screen.paint(word, Colour.BOLD) for word in _words(node, screen).split(" "))


def _inline(node: SyntaxTreeNode, screen: Screen) -> str:
    match node.type:
        case "text" | "html_inline":
            return node.content
        case "code_inline":
            code = node.content.replace(" ", GLUE)
            return screen.paint(code, Colour.CYAN) if screen.colours else f"`{code}`"
        case "softbreak" | "hardbreak":
            return " "
        case "strong":
            return _bold(node, screen)
        case "link":
            text, address = _words(node, screen), str(node.attrs["href"])
            return text if text == address else f"{text} ({address})"
        case _:
            return _words(node, screen)


def _narrower(screen: Screen, columns: int) -> Screen:
    return replace(screen, width=screen.width - columns)
