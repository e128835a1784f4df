"""What is sent to the check host and what comes back, as typed data and as one line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from labrunner.model.lab import StepRef
from labrunner.model.verdict import CheckResult, Verdict


@dataclass(frozen=True)
class CheckRequest:
    """Which steps' checks to run, and all that these may know.

    ``files`` are the paths of check modules; ``variables``, ``folders`` and ``secrets`` are by lab; ``recorded`` and
    ``answers`` are by ``lab/step``. ``switched_off`` is the place of an assertion to skip, for the proof of the checks:
    only the host of the mutants knows of it.
    """

    files: tuple[str, ...]
    steps: tuple[str, ...]
    endpoint: str
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    recorded: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    switched_off: str = ""

    def line(self) -> bytes:
        """As one line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def read(cls, line: str | bytes) -> CheckRequest:
        """From one line of JSON."""
        data = json.loads(line)
        return cls(**{**data, "files": tuple(data["files"]), "steps": tuple(data["steps"])})


def result_data(result: CheckResult) -> dict[str, Any]:
    """A result as JSON data, as the journal keeps it and the check host sends it."""
    return {**asdict(result), "step": str(result.step), "verdict": result.verdict.value}


def result_from(data: Mapping[str, Any]) -> CheckResult:
    """The inverse of ``result_data``."""
    lab, _, name = data["step"].partition("/")
    return CheckResult(**{**data, "step": StepRef(lab, name), "verdict": Verdict(data["verdict"])})
