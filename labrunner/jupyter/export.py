"""A lab to a notebook: plain data in nbformat 4.5, without outputs and without logic, the same each time.

The format is https://nbformat.readthedocs.io/en/latest/format_description.html.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from labrunner.content.passages import Doing, Prose, passages
from labrunner.content.substitute import whole_word
from labrunner.jupyter.wording import in_notebook
from labrunner.model.lab import Action, Command, KeyPress, Lab, Step, Typed, Visit, WriteFile
from labrunner.model.progress import exchangeable

#: What stands for the learner's answer in a check cell.
ANSWER = "TEXT"
#: The key of labrunner's own metadata, of a notebook and of its cells.
KEY = "labrunner"
_DIGITS = 12

Cell = Mapping[str, Any]


def notebook(lab: Lab) -> Mapping[str, Any]:
    """The notebook of a lab whose variables are in force, as nbformat's JSON data."""
    return {
        "cells": list(_cells(lab)),
        "metadata": {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            KEY: {"lab": lab.name, "text": fingerprint(lab)},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def written(lab: Lab) -> str:
    """The notebook's file, laid out as nbformat itself does."""
    return json.dumps(notebook(lab), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def fingerprint(lab: Lab) -> str:
    """What tells two texts of a lab apart: the first digits of the SHA-256 of all that its notebook is made from."""
    text = json.dumps([lab.title, lab.intro, *(str((step.title, step.text, step.ask)) for step in lab.steps)])
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _cells(lab: Lab) -> Iterator[Cell]:
    intro = f"# {lab.title}\n\n{lab.intro}\n\n{_HOW}"
    yield _cell("markdown", "intro", in_notebook(intro))
    yield _cell("code", "lab", f"%load_ext labrunner\n%lab {lab.name} --text {fingerprint(lab)}")
    for step in lab.steps:
        head = f"## Step {step.number}: {step.title}"
        for number, passage in enumerate(passages(step), start=1):
            name = f"{step.name}-{number}"
            match passage:
                case Prose():
                    text = in_notebook(passage.text)
                    yield _cell("markdown", name, f"{head}\n\n{text}" if head else text, step)
                case Doing():
                    if head:
                        yield _cell("markdown", f"{step.name}-0", head, step)
                    yield _cell("code", name, _source(lab, passage), step)
            head = ""
        answer = "" if step.ask is None else f" --answer {ANSWER}"
        yield _cell("code", f"{step.name}-check", f"%check {step.position}{answer}", step)


#: What a notebook adds to the introduction.
_HOW = """\
**In this notebook** you run the cells one after the other (Shift-Enter), read what they show, and try what you like in
cells of your own.

- A `%%bash` cell is a shell in the lab's folder.
- A `%%term` cell types into one of the lab's terminals: where the text speaks of a second terminal, that is
  `%%term second`. What runs there goes on when the cell has ended. `%term second` shows it again; to sit there
  yourself, type `labrunner shell --term second` in a terminal of your own.
- Where a word such as `TOP_ID` or a port stands for something of your own, the cell fills it in.
- Each step ends with `%check`, which looks at what is really there. Stuck? `%hint`, then `%solve`. Behind?
  `%goto step3` does what comes before that step."""


def _cell(kind: str, name: str, source: str, step: Step | None = None) -> Cell:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": name,
        "metadata": {} if step is None else {KEY: {"step": step.name}},
        "source": source.splitlines(keepends=True),
    }
    return cell if kind == "markdown" else {**cell, "execution_count": None, "outputs": []}


def _source(lab: Lab, passage: Doing) -> str:
    body, first = passage.body.rstrip("\n"), passage.actions[0]
    if all(_is_plain(lab, action) for action in passage.actions):
        return f"%%bash\n{body}"
    match first:
        case WriteFile():
            return f"%%writefile {shlex.quote(first.path)}\n{first.content.rstrip()}"
        case Visit():
            return f"%visit {first.url}"
        case KeyPress():
            return f"%term {first.terminal} --press {first.key}"
        case Command() | Typed():
            return f"%%term {' '.join([first.terminal, *_options(first)])}\n{body}"


def _is_plain(lab: Lab, action: Action) -> bool:
    """Whether a command asks nothing, lets its terminal go, and has the same words in every home."""
    if not isinstance(action, Command) or action.hold or action.reply or action.secret:
        return False
    own = [*lab.ids, *(value for name, value in lab.variables.items() if exchangeable(name))]
    return not own or whole_word(*own).search(action.line) is None


def _options(action: Command | Typed) -> Iterator[str]:
    """The words of the lab's fence as options of ``%%term``."""
    if action.ready is not None:
        yield f"--until {shlex.quote(action.ready)}"
    elif isinstance(action, Command) and action.hold:
        yield "--until ."
    if isinstance(action, Command):
        if action.reply is not None:
            yield f"--reply {shlex.quote(action.reply)}"
        if action.secret is not None:
            yield f"--secret {action.secret}"
