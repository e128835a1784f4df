"""Where a learner stands, computed from what the journal recorded: passing is an event, holding is a state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labrunner.model.lab import Course, Lab, Step, StepRef
from labrunner.model.verdict import CheckResult


@dataclass(frozen=True)
class Passing:
    """A PASSED of a step: when (ISO 8601, UTC), and what each of its checks saw."""

    at: str
    checks: tuple[CheckResult, ...]

    @property
    def evidence(self) -> Mapping[str, Any]:
        """The evidence of all its checks, merged."""
        return {key: value for check in self.checks for key, value in check.evidence.items()}


@dataclass(frozen=True)
class Finding:
    """What the last verdict on a step found wanting: the reason, and the command that leads on."""

    reason: str
    next: str | None


@dataclass(frozen=True)
class Progress:
    """What has happened in one home.

    ``variables`` holds, for each started lab, the values in force, ``started`` when it was first started (ISO 8601,
    UTC); ``current`` is the lab that was started last, ``shown`` the step whose text was shown last. ``hints`` counts
    those that a step's learner has seen; ``wanting`` holds the steps whose last verdict was no PASSED. ``containers``
    are the IDs of those that a passed step was ever about.
    """

    current: str | None = None
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    started: Mapping[str, str] = field(default_factory=dict)
    passed: Mapping[StepRef, Passing] = field(default_factory=dict)
    shown: StepRef | None = None
    hints: Mapping[StepRef, int] = field(default_factory=dict)
    wanting: Mapping[StepRef, Finding] = field(default_factory=dict)
    containers: frozenset[str] = frozenset()

    def ended(self, step: Step) -> bool:
        """Whether the step passed and the step until which it had to hold has passed too."""
        return step.ref in self.passed and step.until is not None and step.until in self.passed

    def open_step(self, lab: Lab) -> Step | None:
        """The first step of the lab that never passed; None when all have."""
        return next((step for step in lab.steps if step.ref not in self.passed), None)

    def of_lab(self, lab: Lab) -> Mapping[str, str]:
        """The lab's variables: the values chosen when it was started, else the ones shared by name, else defaults."""
        shared = {name: value for chosen in self.variables.values() for name, value in chosen.items()}
        return {
            name: self.variables.get(lab.name, {}).get(
                name, shared.get(name, default) if exchangeable(name) else default
            )
            for name, default in lab.variables.items()
        }

    def recorded(self) -> Mapping[str, Mapping[str, Any]]:
        """All recorded evidence, by ``lab/step``."""
        return {str(ref): passing.evidence for ref, passing in self.passed.items()}


def exchangeable(name: str) -> bool:
    """Whether a lab's variable may be given another value than the text's (docs/reference/lab-format.md)."""
    return name.endswith("_port") or name in {"user", "registry"}


def find_step(course: Course, current: Lab | None, asked: str) -> StepRef | None:
    """The step meant by ``step3``, ``mongo``, ``LAB/step3`` or ``LAB/mongo``; None when there is no such step."""
    lab_name, _, name = asked.rpartition("/")
    wanted = lab_name or (current.name if current else None)
    labs = [lab for lab in course.labs if lab.name == wanted]
    return next((step.ref for lab in labs for step in lab.steps if name in {step.name, step.position}), None)
