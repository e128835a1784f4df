"""Have the labs' images on the engine, with progress for whoever watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from labrunner.cli.options import decorated
from labrunner.content.locate import course_folder
from labrunner.engine import stock
from labrunner.engine.connect import connect
from labrunner.engine.making import Progress
from labrunner.engine.stock import Obtained, obtain


def obtain_images(host: str, images: Sequence[str], *, offline: bool, agreed: bool) -> tuple[Obtained, ...]:
    """Have every image: present, pulled, or a stand-in, if that is ``agreed`` to or said yes to at the terminal."""
    with connect(host) as client, telling() as say:
        return obtain(
            client,
            images,
            recipes=course_folder("images"),
            offline=offline,
            consent=lambda missing: agreed or _ask(missing),
            progress=say,
        )


def to_be_built(images: Sequence[str]) -> tuple[str, ...]:
    """Those whose stand-ins take an engine that builds images."""
    return stock.to_be_built(course_folder("images"), images)


def _ask(missing: tuple[str, ...]) -> bool:
    if not sys.stdin.isatty():
        return False
    what = ", ".join(missing)
    return click.confirm(
        f"No hub gives {what}. Build stand-ins from this host's packages instead?", default=True, err=True
    )


@contextmanager
def telling() -> Iterator[Callable[[Progress], None]]:
    """Bars on a terminal that wants them; else one line for each new piece of work."""
    if decorated(sys.stderr):
        with Bars(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[doing]}"), TimeElapsedColumn(),
            console=Console(stderr=True), transient=True,
        ) as bars:  # fmt: skip
            yield _drawer(bars)
        return
    said: set[tuple[str, str]] = set()

    def say(progress: Progress) -> None:
        if (progress.what, progress.doing) not in said:
            said.add((progress.what, progress.doing))
            click.echo(f"{progress.what}: {progress.doing}", err=True)

    yield say


def _drawer(bars: Bars) -> Callable[[Progress], None]:
    tasks: dict[str, TaskID] = {}

    def draw(progress: Progress) -> None:
        if progress.what not in tasks:
            tasks[progress.what] = bars.add_task(progress.what, total=None, doing="")
        done = progress.done
        bars.update(
            tasks[progress.what], doing=progress.doing, total=None if done is None else 1.0, completed=done or 0.0
        )

    return draw
