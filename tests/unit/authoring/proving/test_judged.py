"""What is found in what the checks said of a case, what of it counts, and what is kept of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.authoring.proving.case import Case
from labrunner.authoring.proving.general import general_cases
from labrunner.authoring.proving.known import Known, key_of
from labrunner.authoring.proving.page import proof_page
from labrunner.authoring.proving.proof import CheckProof, Tried
from labrunner.authoring.proving.prover import judged
from labrunner.content.course import load_course
from labrunner.model.lab import Lab, Step, StepRef
from labrunner.model.verdict import CheckResult, Verdict

NEAR = Case("a near miss", Path("serve.yaml"), 7, because=("the port",))
WAY = Case("another way", Path("serve.yaml"), 9)


def said(verdict: Verdict, reason: str | None = None) -> CheckResult:
    return CheckResult(StepRef("web", "serve"), "test_it", "it runs", verdict, reason)


@pytest.mark.parametrize(
    ("case", "results", "says"),
    [
        (NEAR, (said(Verdict.FAILED, "the port is 9090"),), None),
        (NEAR, (said(Verdict.PASSED), said(Verdict.BLOCKED, "the port comes first")), None),
        (WAY, (said(Verdict.PASSED),), None),
        (NEAR, (said(Verdict.PASSED),), "expected 'a near miss' to be refused, found it accepted"),
        (NEAR, (said(Verdict.FAILED, "the name"),), "because of 'the port', found: test_it said: the name"),
        (WAY, (said(Verdict.FAILED, "the name"),), "to be accepted, found it refused: test_it said: the name"),
        (NEAR, (said(Verdict.ERRORED, "the port broke"),), "found that test_it broke: the port broke"),
    ],
)
def test_what_is_wrong_with_a_verdict_is_found_at_the_case(
    case: Case, results: tuple[CheckResult, ...], says: str | None
) -> None:
    found = [*judged(case, case.because, results)]
    assert len(found) == (says is not None)
    assert says is None or (says in found[0].says and (found[0].file, found[0].line) == (case.file, case.line))


def test_general_near_misses_come_from_what_the_solution_does(lab: Lab, step: Step) -> None:
    cases = {case.name: case for case in general_cases(lab, step)}
    assert [*cases] == [
        "port 9080 of the host",
        "no port is published",
        "port 81 of the container",
        "the container has ended",
        "the container is paused",
        "the name site-other",
    ]
    assert all(case.differs_from(step) and case.refused for case in cases.values())
    asking = general_cases(lab, lab.steps[1])
    assert [case.because for case in asking] == [("no answer was given",)]


def test_a_proof_is_known_until_a_file_changes(tmp_path: Path) -> None:
    proof = CheckProof(
        "web", "serve", "test_it", "it runs", Verdict.FAILED, Verdict.PASSED, (Tried("no port", Verdict.FAILED, "x"),)
    )
    known, file = Known(tmp_path / "proof"), tmp_path / "lab.md"
    file.write_text("one")
    key = key_of("web/serve", [file], "docker")
    assert known.find(key) is None
    known.keep(key, [proof])
    assert known.find(key) == (proof,)
    file.write_text("two")
    assert known.find(key_of("web/serve", [file], "docker")) is None
    (tmp_path / "proof" / f"{key}.json").write_text("torn")
    assert known.find(key) is None


def test_the_page_shows_each_answer_without_what_differs_each_time(course: Path) -> None:
    misses = (Tried("ended", Verdict.FAILED, "elated_feistel (0123456789ab) | is <gone>"),)
    ways = (Tried("short flags", Verdict.PASSED),)
    proof = CheckProof("web", "serve", "test_it", "it runs", Verdict.FAILED, Verdict.PASSED, misses, ways)
    page = proof_page(load_course(course / "labs"), [proof])
    assert "### step1 serve: Serve a page" in page
    assert "**it runs** (`test_it`): failed before, passed after." in page
    assert "| ended | failed: NAME (ID) \\| is &lt;gone> |" in page
    assert "| short flags | **passed** |" in page
