"""What a command works in that does labs by itself: a throwaway home, and an engine on which nothing is left."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import click

from labrunner.engine.engine import Engine
from labrunner.engine.examine import taken_names
from labrunner.engine.ledger import Ledger
from labrunner.model.errors import LabrunnerError
from labrunner.model.lab import Lab
from labrunner.model.verdict import EngineFacts
from labrunner.runner.hands import names_of
from labrunner.runner.home import THROWAWAY, leftover_homes
from labrunner.runner.session import wanted_images


def obtain(facts: EngineFacts, labs: tuple[Lab, ...], *, offline: bool, agreed: bool) -> None:
    """Pull or build what the labs need and the engine lacks."""
    engine = Engine(facts.endpoint)
    missing = [image for image in wanted_images(labs) if engine.image(image) is None]
    if missing:
        from labrunner.cli.obtaining import obtain_images  # noqa: PLC0415 - rich and the SDK, only where they are needed

        obtain_images(facts.endpoint, missing, offline=offline, agreed=agreed)


def refuse_strangers(ledger: Ledger, labs: tuple[Lab, ...], home: str) -> None:
    """Raise where somebody else has a name that the labs need."""
    for lab in labs:
        for error in taken_names(ledger, lab.name, names_of(lab), home):
            raise error


def sweep_leftovers(ledger: Ledger, home: str) -> Iterator[str]:
    """Remove what this home made before, and what earlier runs left; what learners made in theirs stays."""
    made = ledger.made()
    homes = leftover_homes(ledger) | {home}
    left = sum(each.home in homes for each in made)
    kept = [each for name in sorted(homes) for each in ledger.sweep(name)]
    if left:
        yield f"{left - len(kept)} things that an earlier run had left were removed first"


def sweep(ledger: Ledger, home: str) -> None:
    """Remove what this home made, and say what could not be removed."""
    try:
        kept = ledger.sweep(home)
    except LabrunnerError as error:
        click.echo(f"what this run made could not be removed ({error.says}); the next run does it first", err=True)
        return
    if kept:
        click.echo(
            f"still in use, so left for the next run to remove: {', '.join(made.name for made in kept)}", err=True
        )


@contextmanager
def throwaway_home(*, keep: bool) -> Iterator[str]:
    """The folder of a home that is gone afterwards, unless it is to be kept."""
    if keep:
        yield tempfile.mkdtemp(prefix=THROWAWAY)
        return
    with tempfile.TemporaryDirectory(prefix=THROWAWAY) as folder:
        yield str(Path(folder) / "home")


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """A command that is terminated tidies up as one that is interrupted."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        with suppress(ValueError):
            signal.signal(signal.SIGTERM, before)
