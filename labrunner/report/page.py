"""A step's text for a terminal: rendered with colours where they are wanted, else as it was written."""

from __future__ import annotations

import io

from labrunner.model.lab import Command, KeyPress, Lab, Step, Typed


def step_page(lab: Lab, step: Step, *, intro: bool, width: int, colours: bool) -> str:
    """A step's text, after the lab's introduction if ``intro``; the check command ends it."""
    head = f"# {lab.title}\n\n{lab.intro}\n\n" if intro else ""
    answer = " --answer TEXT" if step.ask is not None else ""
    others = [action.terminal for action in step.actions if isinstance(action, Command | Typed | KeyPress)]
    beside = [name for name in dict.fromkeys(others) if name != "main"]
    tail = "".join(
        f"The terminal `{name}`: `labrunner shell --term {name}`, in a window of its own\n\n" for name in beside
    )
    tail += f"When it is done: `labrunner check {lab.name}/{step.name}{answer}`"
    source = f"{head}## {step.position} {step.name}: {step.title}\n\n{step.text}\n\n{tail}\n"
    if not colours:
        return source
    # rich takes 90 ms to import, which nobody has to wait for who does not look at a page.
    from rich.console import Console  # noqa: PLC0415
    from rich.markdown import Markdown  # noqa: PLC0415

    console = Console(file=io.StringIO(), width=min(width, 110), force_terminal=True)
    with console.capture() as capture:
        console.print(Markdown(source, hyperlinks=False))
    return capture.get()
