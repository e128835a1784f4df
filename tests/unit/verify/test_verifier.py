"""Verify steps with a real check host: what is asked, what is judged, what is to be recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labrunner.model.lab import Course
from labrunner.model.progress import Progress
from labrunner.model.verdict import State, Verdict
from labrunner.verify.process import CheckHost
from labrunner.verify.verifier import Surroundings, Verification, verify
from tests.unit.builders import a_course, a_lab, a_step, passed, ref

#: Seconds that the check of ``run`` takes at least.
SLOW = 0.05
#: Each step is as ``state.json`` in the lab's folder says: done with this evidence, or not done (null).
CHECKS = """
import json, time
from labrunner.verify.checking import require, step
SLOW = 0.05


def check(name):
    @step(name)
    def test(folder, evidence):
        with (folder / "asked").open("a") as asked:
            asked.write(name + "\\n")
        if name == "run":
            time.sleep(SLOW)
        found = json.loads((folder / "state.json").read_text())[name]
        require(found is not None, f"{name} is not done")
        evidence["seen"] = found
    return test


test_run, test_use, test_stop = check("run"), check("use"), check("stop")


@step("quiz")
def test_quiz(answer, evidence, var, records):
    require(answer == "80", f"{answer} is wrong")
    evidence.update(port=var["web_port"], known=sorted(records))
"""

Ask = Callable[..., Verification]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CheckHost]:
    """One check host for all tests of this module."""
    checks = tmp_path_factory.mktemp("checks")
    (checks / "test_01_first_lab.py").write_text(CHECKS)
    with CheckHost(checks, deadline=60) as started:
        yield started


@pytest.fixture
def course() -> Course:
    """Steps of which ``run`` holds until ``stop``, which builds on it as ``use`` does, and ``quiz`` asks."""
    lab = a_lab(
        a_step("run", lab="first-lab", until="stop"),
        a_step("use", lab="first-lab", needs=("run",)),
        a_step("stop", lab="first-lab", needs=("run",)),
        a_step("quiz", lab="first-lab", ask="80", until="quiz"),
        name="first-lab",
        variables={"web_port": "8080"},
    )
    return Course((lab, *a_course(a_step("other", lab="second")).labs))


@pytest.fixture
def ask(course: Course, host: CheckHost, tmp_path: Path) -> Ask:
    """``ask(progress, "run", run="r1")`` verifies ``run`` where only it is done, with the evidence ``r1``."""

    def verified(
        progress: Progress, *steps: str, answer: str | None = None, just_done: bool = False, **done: str
    ) -> Verification:
        (tmp_path / "state.json").write_text(json.dumps({"run": None, "use": None, "stop": None, **done}))
        return verify(
            course,
            progress,
            [course.step(ref(f"first-lab/{step}")) for step in steps],
            host,
            Surroundings(
                "unix:///nowhere",
                {"first-lab": str(tmp_path)},
                {},
                {} if answer is None else {"first-lab/quiz": answer},
            ),
            just_done=just_done,
        )

    return verified


def recorded(verification: Verification) -> dict[str, object]:
    """What is to be recorded: the evidence of each passing, by the step's name."""
    return {step.step: checks[0].evidence.get("seen") for step, checks in verification.passings.items()}


def test_step_that_passes_for_the_first_time_is_to_be_recorded(ask: Ask) -> None:
    """With what its check saw."""
    found = ask(Progress(), "run", run="r1")
    (report,) = found.reports
    assert (report.step, report.verdict, report.state) == (ref("first-lab/run"), Verdict.PASSED, State.HOLDS)
    assert recorded(found) == {"run": "r1"}


def test_step_that_fails_is_reported_and_not_recorded(ask: Ask) -> None:
    """Passing is the only event."""
    found = ask(Progress(), "run")
    assert (found.reports[0].verdict, found.reports[0].state) == (Verdict.FAILED, State.OPEN)
    assert found.reports[0].checks[0].reason == "run is not done"
    assert recorded(found) == {}


def test_need_that_passes_along_the_way_is_recorded_and_not_reported(ask: Ask) -> None:
    """The learner did both steps and asked about the second."""
    found = ask(Progress(), "use", run="r1", use="u1")
    assert [report.step.step for report in found.reports] == ["use"]
    assert recorded(found) == {"run": "r1", "use": "u1"}


def test_step_whose_need_is_missing_is_blocked_and_not_recorded(ask: Ask) -> None:
    """Though its own check passes."""
    found = ask(Progress(), "use", use="u1")
    assert found.reports[0].verdict is Verdict.BLOCKED
    assert recorded(found) == {}


def test_same_evidence_is_not_recorded_again_and_other_evidence_is(ask: Ask) -> None:
    """A container that was made anew has another ID, which later steps compare with."""
    progress = passed("first-lab/run", seen="r1")
    assert recorded(ask(progress, "run", run="r1")) == {}
    assert recorded(ask(progress, "run", run="r2")) == {"run": "r2"}


def test_ending_that_passes_now_ends_what_it_ends(ask: Ask) -> None:
    """Both are asked about together; the stopped one is green with the evidence of its day."""
    found = ask(passed("first-lab/run", seen="r1"), "run", "stop", stop="s1")
    assert [(report.verdict, report.state) for report in found.reports] == [
        (Verdict.PASSED, State.ENDED),
        (Verdict.PASSED, State.HOLDS),
    ]
    assert found.reports[0].checks[0].evidence == {"seen": "r1"}
    assert recorded(found) == {"stop": "s1"}


def test_ending_that_nobody_asked_about_ends_its_step_for_now_and_is_not_recorded(ask: Ask) -> None:
    """A container that died is not yet one that the learner has stopped: started again, it holds."""
    progress = passed("first-lab/run", seen="r1")
    found = ask(progress, "run", stop="s1")
    assert (found.reports[0].verdict, found.reports[0].state) == (Verdict.PASSED, State.ENDED)
    assert recorded(found) == {}
    assert ask(progress, "run", run="r1").reports[0].state is State.HOLDS


def test_ended_step_asks_the_host_nothing(ask: Ask, tmp_path: Path) -> None:
    """The journal has all that there is to say."""
    found = ask(passed("first-lab/run", "first-lab/stop", seen="x"), "run")
    assert found.reports[0].state is State.ENDED
    assert recorded(found) == {}
    assert not (tmp_path / "asked").exists()


def test_only_what_is_needed_is_checked(ask: Ask, tmp_path: Path) -> None:
    """The step and its need."""
    ask(Progress(), "use", run="r1")
    assert (tmp_path / "asked").read_text().split() == ["run", "use"]


def test_answer_reaches_its_check_with_variables_and_records(ask: Ask) -> None:
    """The question has passed, and shows so at first; asked again it has ended."""
    found = ask(passed("first-lab/run", seen="r1"), "quiz", answer=" 80 ")
    assert (found.reports[0].verdict, found.reports[0].state) == (Verdict.PASSED, State.HOLDS)
    assert found.reports[0].checks[0].evidence == {"port": "8080", "known": ["first-lab/run"]}
    assert list(found.passings) == [ref("first-lab/quiz")]
    again = ask(Progress(passed=passed("first-lab/quiz").passed), "quiz")
    assert (again.reports[0].verdict, again.reports[0].state) == (Verdict.PASSED, State.ENDED)


@pytest.mark.parametrize("answer", [None, " "])
def test_question_without_an_answer_has_failed_with_what_to_type(ask: Ask, answer: str | None) -> None:
    """An empty answer is none."""
    check = ask(Progress(), "quiz", answer=answer).reports[0].checks[0]
    assert (check.verdict, check.reason) == (Verdict.FAILED, "this step asks a question, and no answer was given")
    assert check.next == "labrunner check first-lab/quiz --answer TEXT"


def test_ending_and_what_it_builds_on_may_pass_in_one_run(host: CheckHost, tmp_path: Path) -> None:
    """The learner did the rest of the lab in one go; what it ends is green."""
    course = a_course(
        a_step("run", lab="first-lab", until="stop"),
        a_step("use", lab="first-lab"),
        a_step("stop", lab="first-lab", needs=("run", "use")),
    )
    (tmp_path / "state.json").write_text(json.dumps({"run": None, "use": "u1", "stop": "s1"}))
    here = Surroundings("unix:///nowhere", {"first-lab": str(tmp_path)}, {})
    found = verify(course, passed("first-lab/run", seen="r1"), course.steps, host, here)
    assert [(report.verdict, report.state) for report in found.reports] == [
        (Verdict.PASSED, State.ENDED),
        (Verdict.PASSED, State.HOLDS),
        (Verdict.PASSED, State.HOLDS),
    ]
    assert recorded(found) == {"use": "u1", "stop": "s1"}


def test_one_report_has_the_learners_waiting_time_and_several_have_their_checks_own(ask: Ask) -> None:
    """Alone, a step took as long as its checks and those of its needs."""
    (alone,) = ask(Progress(), "use", run="r1", use="u1").reports
    assert alone.seconds >= alone.checks[0].seconds + SLOW
    for report in ask(Progress(), "run", "use", run="r1", use="u1").reports:
        assert report.seconds == report.checks[0].seconds


def test_what_was_just_done_is_looked_at_alone_where_it_passes(ask: Ask) -> None:
    """What it builds on was judged before it was done; it would fail here, and is not asked."""
    before = passed("first-lab/run", seen="r1")
    found = ask(before, "use", just_done=True, use="u1")
    assert (found.reports[0].verdict, found.reports[0].state) == (Verdict.PASSED, State.HOLDS)
    assert recorded(found) == {"use": "u1"}
    assert ask(before, "use", use="u1").reports[0].verdict is Verdict.BLOCKED


def test_what_was_just_done_and_fails_is_judged_with_what_it_builds_on(ask: Ask) -> None:
    """So that BLOCKED and FAILED are told apart as ever."""
    before = passed("first-lab/run", seen="r1")
    assert ask(before, "use", just_done=True).reports[0].verdict is Verdict.BLOCKED
    assert ask(before, "use", just_done=True, run="r1").reports[0].verdict is Verdict.FAILED
