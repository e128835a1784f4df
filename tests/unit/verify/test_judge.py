"""From live results and recorded passings to verdicts."""

from __future__ import annotations

import pytest

from labrunner.model.lab import Course
from labrunner.model.progress import Progress
from labrunner.model.verdict import CheckResult, State, StepReport, Verdict
from labrunner.verify.judge import Judge, steps_to_run
from tests.unit.builders import a_course, a_result, a_step, passed, ref

PASSED, BLOCKED, FAILED, ERRORED = Verdict.PASSED, Verdict.BLOCKED, Verdict.FAILED, Verdict.ERRORED


@pytest.fixture
def course() -> Course:
    """Steps of which ``run`` holds until ``stop``, ``peek`` until itself, and ``shell`` until a question."""
    return a_course(
        a_step("run", until="stop"),
        a_step("use", needs=("run",)),
        a_step("again", needs=("use",)),
        a_step("stop", needs=("run",)),
        a_step("remove", needs=("stop",)),
        a_step("peek", until="peek"),
        a_step("shell", until="leave"),
        a_step("leave", ask="80", until="leave"),
    )


def asked(course: Course, progress: Progress, *steps: str) -> list[str]:
    """The names of the steps whose checks have to be run."""
    return [step.name for step in steps_to_run(course, progress, [course.step(ref(step)) for step in steps])]


def judged(course: Course, progress: Progress, step: str, **live: Verdict) -> StepReport:
    """The report on a step, given the live verdicts of some steps."""
    results = {ref(name): (a_result(name, verdict, seconds=0.25),) for name, verdict in live.items()}
    return Judge(course, progress, results).report(course.step(ref(step)))


@pytest.mark.parametrize(
    ("done", "step", "run"),
    [
        ((), "run", ["run"]),
        ((), "again", ["run", "use", "again"]),
        (("run",), "use", ["run", "use", "stop"]),
        (("run",), "run", ["run", "stop"]),
        (("run",), "stop", ["stop"]),
        ((), "stop", ["run", "stop"]),
        (("run", "stop"), "run", []),
        (("run", "stop"), "use", ["use"]),
        (("run", "stop"), "remove", ["stop", "remove"]),
        (("peek",), "peek", []),
        ((), "peek", ["peek"]),
        (("shell",), "shell", ["shell"]),
    ],
)
def test_steps_to_run_are_the_asked_one_its_needs_and_what_may_have_ended_them(
    course: Course, done: tuple[str, ...], step: str, run: list[str]
) -> None:
    """What has ended is never judged again, and a question is never asked on behalf of another step."""
    assert asked(course, passed(*done), step) == run


def test_several_asked_steps_share_what_they_build_on(course: Course) -> None:
    """Each check runs once, in the course's order."""
    assert asked(course, Progress(), "remove", "use") == ["run", "use", "stop", "remove"]


def test_step_whose_checks_pass_holds(course: Course) -> None:
    """With the results that it rests on, and the time they took."""
    report = judged(course, Progress(), "run", run=PASSED)
    assert (report.verdict, report.state) == (PASSED, State.HOLDS)
    assert (report.step, report.number, report.title, report.seconds) == (ref("run"), 1, "Do run", 0.25)


def test_step_whose_check_fails_is_open_before_it_ever_passed_and_broken_after(course: Course) -> None:
    """Only broken is the loss of something that was there."""
    assert judged(course, Progress(), "run", run=FAILED).state is State.OPEN
    for_a_time = judged(course, passed("run"), "run", run=FAILED, stop=FAILED)
    for_good = judged(course, passed("run", "use"), "use", run=PASSED, use=FAILED)
    for report in (for_a_time, for_good):
        assert (report.verdict, report.state) == (FAILED, State.BROKEN)


def test_one_failing_check_of_several_fails_the_step(course: Course) -> None:
    """And the report shows all of them."""
    results: tuple[CheckResult, ...] = (a_result("run", seconds=0.1), a_result("run", FAILED, seconds=0.2))
    report = Judge(course, Progress(), {ref("run"): results}).report(course.step(ref("run")))
    assert (report.verdict, report.checks, report.seconds) == (FAILED, results, 0.3)


def test_step_without_any_collected_check_is_errored(course: Course) -> None:
    """A check that cannot fail is a defect, and one that is not there cannot."""
    report = judged(course, passed("run"), "use", run=PASSED)
    assert (report.verdict, report.state) == (ERRORED, State.OPEN)
    assert report.checks[0].reason == "no check was collected for lab/use"
    assert report.checks[0].says == "Do use"


def test_ended_step_shows_the_evidence_of_its_day_and_takes_no_time(course: Course) -> None:
    """What it was judged by is gone as planned."""
    report = judged(course, passed("run", "stop", container="c1"), "run")
    assert (report.verdict, report.state, report.seconds) == (PASSED, State.ENDED, 0.0)
    assert report.checks[0].evidence == {"container": "c1"}


def test_step_has_ended_too_where_its_until_passes_just_now(course: Course) -> None:
    """The learner went on and has not asked about the later step yet."""
    report = judged(course, passed("run", container="c1"), "run", run=FAILED, stop=PASSED)
    assert (report.verdict, report.state) == (PASSED, State.ENDED)
    assert report.checks[0].evidence == {"container": "c1"}


def test_until_that_the_learner_has_not_come_to_ends_nothing() -> None:
    """An engine on which everything has stopped looks like the end of the last lab."""
    course = a_course(a_step("run", until="end"), a_step("middle"), a_step("end", needs=("run", "middle")))
    report = judged(course, passed("run"), "run", run=FAILED, middle=FAILED, end=PASSED)
    assert (report.verdict, report.state) == (FAILED, State.BROKEN)
    assert judged(course, passed("run", "middle"), "run", run=FAILED, end=PASSED).state is State.ENDED


def test_until_ends_nothing_that_never_passed(course: Course) -> None:
    """A container that is not there is not stopped."""
    assert judged(course, Progress(), "run", run=FAILED, stop=PASSED).verdict is FAILED


def test_step_is_blocked_where_a_need_is_not_done(course: Course) -> None:
    """Its own check may say what it likes; the way on is the need."""
    for own in (PASSED, FAILED):
        report = judged(course, Progress(), "use", run=FAILED, use=own)
        assert (report.verdict, report.state) == (BLOCKED, State.OPEN)
        assert report.checks[0].reason == "lab/run comes first, and it is not done or no longer holds: Do run"
        assert report.checks[0].next == "labrunner check lab/run"


def test_need_of_a_need_blocks_too(course: Course) -> None:
    """``use`` itself seems done, but it stands on nothing."""
    report = judged(course, Progress(), "again", run=FAILED, use=PASSED, again=PASSED)
    assert (report.verdict, report.checks[0].next) == (BLOCKED, "labrunner check lab/use")


def test_step_that_passed_holds_on_its_own_though_a_need_is_lost(course: Course) -> None:
    """Its outcome is there, whatever it was built on."""
    assert judged(course, passed("run", "use"), "use", run=FAILED, use=PASSED, stop=FAILED).state is State.HOLDS


def test_step_that_passed_and_lost_its_outcome_with_its_need_is_broken_and_blocked(course: Course) -> None:
    """The need has to be mended first."""
    report = judged(course, passed("run", "use"), "use", run=FAILED, use=FAILED, stop=FAILED)
    assert (report.verdict, report.state) == (BLOCKED, State.BROKEN)


@pytest.mark.parametrize(
    ("done", "live"),
    [
        (("run", "stop"), {}),
        (("run",), {"run": PASSED, "stop": FAILED}),
        (("run",), {"run": FAILED, "stop": PASSED}),
        ((), {"run": PASSED}),
    ],
)
def test_need_is_fulfilled_while_it_holds_and_once_it_has_ended(
    course: Course, done: tuple[str, ...], live: dict[str, Verdict]
) -> None:
    """Passing is an event, holding is a state; either is enough for the step after it."""
    assert judged(course, passed(*done), "use", use=FAILED, **live).verdict is FAILED


def test_need_that_is_meant_to_end_with_the_step_itself_does_not_block_it(course: Course) -> None:
    """To stop a container is to end its running."""
    report = judged(course, passed("run"), "stop", stop=PASSED)
    assert (report.verdict, report.state) == (PASSED, State.HOLDS)


def test_need_that_errored_leaves_the_word_to_the_step_itself(course: Course) -> None:
    """An engine that went away is never "you are not done yet"."""
    assert judged(course, Progress(), "use", run=ERRORED, use=ERRORED).verdict is ERRORED


def test_need_that_has_no_live_result_is_not_fulfilled(course: Course) -> None:
    """Nothing said is not passed."""
    assert judged(course, passed("run"), "use", use=PASSED).verdict is BLOCKED
