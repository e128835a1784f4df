"""The fixtures that every check may ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.registry import Registry
from labrunner.verify.checking import Blocked, NotDone
from labrunner.verify.plugin import EVIDENCE, RECORDED, REQUEST, lab_of, step_of

Recorded = Callable[[str], Mapping[str, Any]]


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """The engine that the learner works on."""
    return Engine(request.config.stash[REQUEST].endpoint)


@pytest.fixture
def var(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """The lab's variables, with the values in force."""
    return request.config.stash[REQUEST].variables.get(lab_of(request.node), {})


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the check saw; it fills this dictionary with JSON data."""
    seen: dict[str, Any] = request.node.stash[EVIDENCE]
    return seen


@pytest.fixture
def recorded(request: pytest.FixtureRequest) -> Recorded:
    """``recorded("lab/step")`` gives the evidence of that step's passing; blocked where it never passed."""
    known = request.config.stash[RECORDED]

    def of(step: str) -> Mapping[str, Any]:
        full = step if "/" in step else f"{lab_of(request.node)}/{step}"
        if full not in known:
            reason = f"this is compared with what {full} recorded when it passed, and that step has not passed here"
            # no near miss: a proof has done what comes before a step, or the step's needs block it first
            raise Blocked(reason, next=f"labrunner check {full}")
        return known[full]

    return of


@pytest.fixture
def records(request: pytest.FixtureRequest) -> Mapping[str, Mapping[str, Any]]:
    """All recorded evidence, by ``lab/step``."""
    known: dict[str, Mapping[str, Any]] = request.config.stash[RECORDED]
    return dict(known)


@pytest.fixture
def answer(request: pytest.FixtureRequest) -> str:
    """What the learner answered to the step's question."""
    step = step_of(request.node)
    given = request.config.stash[REQUEST].answers.get(step, "").strip()
    if not given:
        raise NotDone(
            "this step asks a question, and no answer was given", next=f"labrunner check {step} --answer TEXT"
        )
    return given


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> Path:
    """The lab's folder in the learner's home."""
    return Path(request.config.stash[REQUEST].folders[lab_of(request.node)])


@pytest.fixture
def registry(request: pytest.FixtureRequest, var: Mapping[str, str]) -> Registry:
    """The registry that the lab pushes to, with the learner's name and the lab's password."""
    secrets = request.config.stash[REQUEST].secrets
    password = next((known["password"] for known in secrets.values() if "password" in known), None)
    return Registry(var["registry"], var["user"], password)
