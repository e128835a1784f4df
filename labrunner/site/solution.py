"""The solution of a step as Markdown: what is typed, and what each flag of it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from labrunner.content.explain import Meaning, explain
from labrunner.model.lab import Action, Command, KeyPress, Step, Typed, Visit, WriteFile
from labrunner.site.fences import block, terminal_label


def solution(step: Step, meanings: Mapping[str, Meaning]) -> str:
    """What ``labrunner solve`` does in the step, in its order, and the answer where it asks something."""
    lines = [line for action in step.actions for line in (*_act(action), "", *_meanings(action, meanings), "")]
    if step.ask is not None:
        lines += [_answer(step.ask), ""]
    return "\n".join([*lines, f"`labrunner solve {step.ref}` does this before your eyes, in the lab's own terminals."])


def _act(action: Action) -> list[str]:
    match action:
        case Command():
            return block("run", terminal_label("Type", action.terminal), "bash", action.line)
        case Typed():
            return block("run", terminal_label("Type at the prompt", action.terminal), "bash", action.line)
        case KeyPress():
            return [
                f"Press `{action.key}`{'' if action.terminal == 'main' else f' in the terminal `{action.terminal}`'}."
            ]
        case WriteFile():
            return block("file", f"The file <code>{escape(action.path)}</code>", "", action.content)
        case Visit():
            return [f"Open <{action.url}>."]


def _meanings(action: Action, meanings: Mapping[str, Meaning]) -> Iterator[str]:
    if isinstance(action, Command | Typed):
        yield from (f"- `{words}`: {says}" for words, says in explain(action.line, meanings))


def _answer(ask: str) -> str:
    return "The answer is the last line that was printed." if ask == "$output" else f"The answer: `{ask}`."
