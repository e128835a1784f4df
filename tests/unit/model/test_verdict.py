"""Verdicts, from one check up to a report."""

from __future__ import annotations

import itertools

import pytest

from labrunner.model.verdict import EngineFacts, LabReport, Report, State, StepReport, Verdict, worst
from tests.unit.builders import a_result, ref


@pytest.mark.parametrize("pair", list(itertools.permutations(Verdict, 2)))
def test_errored_outranks_failed_outranks_blocked_outranks_passed(pair: tuple[Verdict, Verdict]) -> None:
    """Of two verdicts the worse one counts, in whatever order they come."""
    ranks = (Verdict.PASSED, Verdict.BLOCKED, Verdict.FAILED, Verdict.ERRORED)
    assert worst(pair) is max(pair, key=ranks.index)


def test_verdicts_and_states_have_the_words_of_the_design() -> None:
    """Other programs read them in the journal and in ``--json``."""
    assert {verdict.value for verdict in Verdict} == {"passed", "failed", "blocked", "errored"}
    assert {state.value for state in State} == {"open", "holds", "ended", "broken"}


def test_nothing_at_all_has_passed() -> None:
    """A report on no step says nothing against anybody."""
    assert worst([]) is Verdict.PASSED


def test_one_bad_step_decides_its_lab_and_the_report() -> None:
    """The worst verdict goes up to the top."""

    def step(verdict: Verdict) -> StepReport:
        return StepReport(ref("s"), 1, "S", verdict, State.OPEN, (a_result("s", verdict),))

    good = LabReport("good", "Good", (step(Verdict.PASSED),))
    bad = LabReport("bad", "Bad", (step(Verdict.PASSED), step(Verdict.FAILED), step(Verdict.BLOCKED)))
    engine = EngineFacts(kind="docker", version="27.0", rootless=False, endpoint="unix:///x", why="DOCKER_HOST")
    assert good.verdict is Verdict.PASSED
    assert bad.verdict is Verdict.FAILED
    assert Report(engine, (good, bad)).verdict is Verdict.FAILED
