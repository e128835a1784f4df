"""A lab, its steps and the actions of its solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, order=True)
class StepRef:
    """The stable name of a step anywhere in the course, written ``lab/step``."""

    lab: str
    step: str

    def __str__(self) -> str:
        return f"{self.lab}/{self.step}"


@dataclass(frozen=True)
class Command:
    """A command line typed into a terminal.

    ``hold`` says that the program keeps the terminal; ``ready`` is the regular expression of what it shows once it
    is up. ``reply`` answers a question that the command asks; ``secret`` names the password for its hidden prompt.
    """

    line: str
    terminal: str = "main"
    hold: bool = False
    ready: str | None = None
    reply: str | None = None
    secret: str | None = None


@dataclass(frozen=True)
class Typed:
    """A line typed into the program that holds a terminal."""

    line: str
    terminal: str
    ready: str | None = None


@dataclass(frozen=True)
class KeyPress:
    """A key pressed in a terminal, by its name: ``Ctrl-C`` or ``Ctrl-D``."""

    key: str
    terminal: str


@dataclass(frozen=True)
class WriteFile:
    """A file of the lab's folder, written whole."""

    path: str
    content: str


@dataclass(frozen=True)
class Visit:
    """An address that the learner opens."""

    url: str


Action = Command | Typed | KeyPress | WriteFile | Visit


@dataclass(frozen=True)
class Step:
    """One ``##`` section of a lab. ``until`` is None where the outcome has to hold for good."""

    ref: StepRef
    number: int
    title: str
    text: str
    hints: tuple[str, ...]
    actions: tuple[Action, ...]
    needs: tuple[StepRef, ...] = ()
    until: StepRef | None = None
    ask: str | None = None

    @property
    def name(self) -> str:
        """The stable name within the lab."""
        return self.ref.step

    @property
    def position(self) -> str:
        """``step3`` for the third step of its lab."""
        return f"step{self.number}"


@dataclass(frozen=True)
class Evidence:
    """Where a placeholder of a command comes from: one key of a step's recorded evidence."""

    step: StepRef
    key: str


@dataclass(frozen=True)
class Lab:
    """One lab: its text, its steps and what it brings along. ``folder`` holds ``lab.md`` and the files beside it.

    ``acknowledged`` says why something that a rule of ``labrunner lint`` finds is meant to be so: rule, what, reason.
    """

    name: str
    number: int
    title: str
    minutes: int
    intro: str
    steps: tuple[Step, ...]
    folder: Path
    images: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    ids: Mapping[str, Evidence] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    carry: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    acknowledged: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def needs(self) -> tuple[str, ...]:
        """The earlier labs that a step of this one builds on, in order of first mention."""
        labs = [need.lab for step in self.steps for need in step.needs if need.lab != self.name]
        return tuple(dict.fromkeys(labs))


@dataclass(frozen=True)
class Course:
    """All labs, in order."""

    labs: tuple[Lab, ...]

    def lab(self, name: str) -> Lab:
        """The lab of that name; KeyError where there is none."""
        for lab in self.labs:
            if lab.name == name:
                return lab
        raise KeyError(name)

    def step(self, ref: StepRef) -> Step:
        """The step of that name; KeyError where there is none."""
        for step in self.lab(ref.lab).steps:
            if step.ref == ref:
                return step
        raise KeyError(str(ref))

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step of every lab, in order."""
        return tuple(step for lab in self.labs for step in lab.steps)
