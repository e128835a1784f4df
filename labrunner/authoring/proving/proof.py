"""What proving has found: for each check what it said before the step, of every case, and after the solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labrunner.authoring.finding import Finding
from labrunner.model.verdict import Verdict

#: So many near misses every check has to refuse.
ENOUGH = 3


@dataclass(frozen=True)
class Tried:
    """A case that was tried, and what one check said of it. ``reason`` is None where it passed."""

    name: str
    verdict: Verdict
    reason: str | None = None


@dataclass(frozen=True)
class Noticed:
    """An assertion at a place (``file:line``) that was switched off, and the state in which the proof noticed."""

    at: str
    text: str
    by: str


@dataclass(frozen=True)
class CheckProof:
    """The proof of one check; ``near_misses`` are those that this check refused, for the reason that was expected.

    ``mutants`` are the assertions, of its own or of a helper, by which it refused, and whose absence was noticed.
    """

    lab: str
    step: str
    check: str
    says: str
    before: Verdict
    after: Verdict
    near_misses: tuple[Tried, ...] = ()
    alternatives: tuple[Tried, ...] = ()
    mutants: tuple[Noticed, ...] = ()


@dataclass(frozen=True)
class StepProof:
    """The proofs of a step's checks, what was found on the way, and how long it took, in seconds."""

    checks: tuple[CheckProof, ...]
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0


def proof_data(proof: CheckProof) -> dict[str, Any]:
    """A proof as JSON data."""
    return {
        "lab": proof.lab,
        "step": proof.step,
        "check": proof.check,
        "says": proof.says,
        "before": proof.before.value,
        "after": proof.after.value,
        "near_misses": [_tried_data(each) for each in proof.near_misses],
        "alternatives": [_tried_data(each) for each in proof.alternatives],
        "mutants": [asdict(each) for each in proof.mutants],
    }


def proof_from(data: Mapping[str, Any]) -> CheckProof:
    """The inverse of ``proof_data``."""
    return CheckProof(
        **{
            **data,
            "before": Verdict(data["before"]),
            "after": Verdict(data["after"]),
            "near_misses": tuple(map(_tried_from, data["near_misses"])),
            "alternatives": tuple(map(_tried_from, data["alternatives"])),
            "mutants": tuple(Noticed(**each) for each in data["mutants"]),
        }
    )


def step_data(proof: StepProof) -> dict[str, Any]:
    """The proof of a step as JSON data."""
    findings = [{**asdict(each), "file": str(each.file)} for each in proof.findings]
    return {"checks": [proof_data(each) for each in proof.checks], "findings": findings, "seconds": proof.seconds}


def step_from(data: Mapping[str, Any]) -> StepProof:
    """The inverse of ``step_data``."""
    findings = (Finding(**{**each, "file": Path(each["file"])}) for each in data["findings"])
    return StepProof(tuple(map(proof_from, data["checks"])), tuple(findings), data["seconds"])


def _tried_data(tried: Tried) -> dict[str, Any]:
    return {"name": tried.name, "verdict": tried.verdict.value, "reason": tried.reason}


def _tried_from(data: Mapping[str, Any]) -> Tried:
    return Tried(data["name"], Verdict(data["verdict"]), data["reason"])
