"""A step's text, as it is read on a screen."""

from __future__ import annotations

from labrunner.model.lab import Command, KeyPress, Lab, Step, Typed
from labrunner.report.markdown import rendered
from labrunner.report.screen import Screen


def check_command(step: Step) -> str:
    """What is typed to have the step checked: an asking one needs its answer, in the place of TEXT."""
    return f"labrunner check {step.ref}{'' if step.ask is None else ' --answer TEXT'}"


def step_page(lab: Lab, step: Step, screen: Screen, *, intro: bool) -> str:
    """A step's text, after the lab's introduction if ``intro``; the check command ends it."""
    head = f"# {lab.title}\n\n{lab.intro}\n\n" if intro else ""
    others = [action.terminal for action in step.actions if isinstance(action, Command | Typed | KeyPress)]
    beside = [name for name in dict.fromkeys(others) if name != "main"]
    tail = "".join(
        f"The terminal `{name}`: `labrunner shell --term {name}`, in a window of its own\n\n" for name in beside
    )
    tail += f"When it is done: `{check_command(step)}`"
    return rendered(f"{head}## {step.position} {step.name}: {step.title}\n\n{step.text}\n\n{tail}\n", screen)
