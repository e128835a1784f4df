"""Verdicts, from one check up to a whole report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from labrunner.model.lab import StepRef


class Verdict(Enum):
    """What a check says. A later member outranks an earlier one when verdicts are combined."""

    PASSED = "passed"
    BLOCKED = "blocked"
    FAILED = "failed"
    ERRORED = "errored"


class State(Enum):
    """Where a step stands: never passed, holding, ended as planned, or broken after it had passed."""

    OPEN = "open"
    HOLDS = "holds"
    ENDED = "ended"
    BROKEN = "broken"


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """ERRORED outranks FAILED, which outranks BLOCKED; nothing at all has PASSED."""
    return max(verdicts, key=_RANK.__getitem__, default=Verdict.PASSED)


@dataclass(frozen=True)
class CheckResult:
    """What one check saw of one step. ``evidence`` is JSON data; ``seconds`` is wall time."""

    step: StepRef
    check: str
    says: str
    verdict: Verdict
    reason: str | None = None
    next: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class StepReport:
    """The verdict on a step, with the checks it rests on."""

    step: StepRef
    number: int
    title: str
    verdict: Verdict
    state: State
    checks: tuple[CheckResult, ...]
    seconds: float = 0.0


@dataclass(frozen=True)
class LabReport:
    """The verdict on a lab: the worst of its steps."""

    lab: str
    title: str
    steps: tuple[StepReport, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of its steps."""
        return worst(step.verdict for step in self.steps)


@dataclass(frozen=True)
class EngineFacts:
    """Which engine was asked, and why that one. ``kind`` is docker, podman or namespace."""

    kind: str
    version: str
    rootless: bool
    endpoint: str
    why: str


@dataclass(frozen=True)
class Report:
    """Everything that one command judged."""

    engine: EngineFacts
    labs: tuple[LabReport, ...]
    stand_ins: tuple[str, ...] = ()
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of its labs."""
        return worst(lab.verdict for lab in self.labs)
