"""Reports as the JSON objects of the command line (docs/reference/json.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labrunner.model.errors import LabrunnerError
from labrunner.model.lab import StepRef
from labrunner.model.verdict import CheckResult, EngineFacts, LabReport, Report, State, StepReport, Verdict


def report_data(report: Report) -> dict[str, Any]:
    """What ``check`` and ``run`` give with ``--json``."""
    return {
        "verdict": report.verdict.value,
        "seconds": report.seconds,
        "engine": engine_data(report.engine),
        "stand_ins": list(report.stand_ins),
        **({"notes": list(report.notes)} if report.notes else {}),
        "labs": [_lab(lab) for lab in report.labs],
    }


def engine_data(engine: EngineFacts) -> dict[str, Any]:
    """Which engine was asked."""
    return {
        "kind": engine.kind,
        "version": engine.version,
        "rootless": engine.rootless,
        "endpoint": engine.endpoint,
        "why": engine.why,
    }


def error_data(error: LabrunnerError) -> dict[str, Any]:
    """What every command gives with ``--json`` where the tool itself failed."""
    return {"verdict": "errored", "error": {"says": error.says, "next": error.next}, "labs": []}


def _lab(lab: LabReport) -> dict[str, Any]:
    return {"lab": lab.lab, "verdict": lab.verdict.value, "steps": [_step(step) for step in lab.steps]}


def _step(step: StepReport) -> dict[str, Any]:
    return {
        "step": f"step{step.number}",
        "name": step.step.step,
        "title": step.title,
        "verdict": step.verdict.value,
        "state": step.state.value,
        "seconds": step.seconds,
        "checks": [_check(check) for check in step.checks],
    }


def _check(check: CheckResult) -> dict[str, Any]:
    return {
        "check": check.check,
        "says": check.says,
        "verdict": check.verdict.value,
        "reason": check.reason,
        "next": check.next,
        "evidence": dict(check.evidence),
    }


def step_from(lab: str, data: Mapping[str, Any]) -> StepReport:
    """The inverse of what is given for a step of that lab; each check's seconds are not given."""
    step = StepRef(lab, data["name"])
    checks = (
        CheckResult(
            step=step,
            check=check["check"],
            says=check["says"],
            verdict=Verdict(check["verdict"]),
            reason=check["reason"],
            next=check["next"],
            evidence=check["evidence"],
        )
        for check in data["checks"]
    )
    return StepReport(
        step=step,
        number=int(data["step"].removeprefix("step")),
        title=data["title"],
        verdict=Verdict(data["verdict"]),
        state=State(data["state"]),
        checks=tuple(checks),
        seconds=data["seconds"],
    )
