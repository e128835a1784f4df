"""From what a check does to its verdict, in real check hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.model.errors import ToolError
from labrunner.model.verdict import Verdict, worst
from labrunner.verify.process import CheckHost
from labrunner.verify.request import CheckRequest
from tests.unit.builders import ref
from tests.unit.verify.conftest import Run, Write


def test_check_that_ends_has_passed(run: Run) -> None:
    """With its name, the sentence of its docstring, and what it saw."""
    (result,) = run(
        '''
        @step("one")
        def test_top_runs(evidence):
            """top runs
            as process 1.

            More that no learner reads.
            """
            evidence["pid"] = 1
        '''
    )
    assert (result.step, result.check, result.says) == (ref("one"), "test_top_runs", "top runs as process 1")
    assert (result.verdict, result.reason, result.next) == (Verdict.PASSED, None, None)
    assert result.evidence == {"pid": 1}
    assert result.seconds >= 0


def test_check_that_requires_what_is_not_so_has_failed(run: Run) -> None:
    """With the reason, the next command, and the evidence up to there."""
    (result,) = run(
        """
        @step("one")
        def test_one(evidence):
            evidence["found"] = "nothing"
            require([], "top was to run, and nothing does", next="docker run ubuntu top")
            evidence["found"] = "never reached"
        """
    )
    assert (result.verdict, result.reason) == (Verdict.FAILED, "top was to run, and nothing does")
    assert result.next == "docker run ubuntu top"
    assert result.evidence == {"found": "nothing"}
    assert result.says == "test_one"


def test_check_that_misses_what_it_builds_on_is_blocked(run: Run) -> None:
    """That is not the learner's failure in this step."""
    (result,) = run(
        """
        @step("one")
        def test_one():
            raise Blocked("there is no registry", "labrunner check registry")
        """
    )
    assert (result.verdict, result.reason) == (Verdict.BLOCKED, "there is no registry")
    assert result.next == "labrunner check registry"


@pytest.mark.parametrize(
    ("statement", "verdict", "reason"),
    [
        ("assert 1 == 2, 'one is not two'", Verdict.FAILED, "one is not two"),
        ("assert 1 == 2", Verdict.FAILED, "test_01_lab.py:6 does not hold"),
        ("{}['a']", Verdict.ERRORED, "the check itself broke at test_01_lab.py:6: KeyError: 'a'"),
        ("raise SystemExit(0)", Verdict.ERRORED, "the check itself broke at test_01_lab.py:6: SystemExit: 0"),
        ("pytest.fail('no')", Verdict.ERRORED, "Failed: no"),
        ("pytest.skip('later')", Verdict.ERRORED, "Skipped: later"),
        ("pytest.xfail('known')", Verdict.ERRORED, "XFailed: known"),
    ],
)
def test_assertion_is_the_learners_and_everything_else_the_tools(
    run: Run, statement: str, verdict: Verdict, reason: str
) -> None:
    """No way out of a check but its end is a pass."""
    (result,) = run(f'@step("one")\ndef test_one():\n    {statement}\n')
    assert result.verdict is verdict
    assert result.reason is not None
    assert result.reason.endswith(reason)


def test_explained_error_keeps_its_sentence(run: Run) -> None:
    """And the way on."""
    (result,) = run(
        """
        from labrunner.model.errors import ToolError

        @step("one")
        def test_one():
            raise ToolError("the engine was asked, and it is gone", next="labrunner doctor")
        """
    )
    assert (result.verdict, result.reason) == (Verdict.ERRORED, "the engine was asked, and it is gone")
    assert result.next == "labrunner doctor"


def test_engine_that_refuses_is_an_error_with_its_own_words(run: Run) -> None:
    """The learner's work is not to blame for it."""
    (result,) = run(
        """
        from labrunner.engine.api import ApiError

        @step("one")
        def test_one():
            raise ApiError(500, "no space left on device")
        """
    )
    assert (result.verdict, result.reason) == (Verdict.ERRORED, "the engine answers 500: no space left on device")
    assert result.next == "labrunner doctor"


@pytest.mark.parametrize("mark", ["skip(reason='later')", "xfail(reason='known')", "skipif(True, reason='not here')"])
def test_mark_cannot_turn_a_check_that_fails_into_one_that_passes(run: Run, mark: str) -> None:
    """Such a test is fine to pytest; a learner is not told so."""
    results = run(f'@step("one")\n@pytest.mark.{mark}\ndef test_one():\n    require(False, "no")\n')
    assert worst(result.verdict for result in results) in {Verdict.FAILED, Verdict.ERRORED}


def test_fixture_that_breaks_gives_its_checks_verdict(run: Run) -> None:
    """Before the check: one result. After it: one more, and the worse one counts."""
    source = """
        @pytest.fixture
        def before():
            require(False, "nothing there")

        @pytest.fixture
        def after():
            yield
            raise OSError("gone")

        @step("one")
        def test_before(before):
            pass

        @step("two")
        def test_after(after):
            pass
        """
    (early,) = run(source, "one")
    assert (early.check, early.verdict, early.reason) == ("test_before", Verdict.FAILED, "nothing there")
    late = run(source, "two")
    assert [result.verdict for result in late] == [Verdict.PASSED, Verdict.ERRORED]


def test_each_parameter_is_a_result_of_its_own(run: Run) -> None:
    """Under the name that pytest gives it."""
    results = run(
        """
        @step("one")
        @pytest.mark.parametrize("port", [80, 81])
        def test_port(port):
            require(port == 80, f"{port} is closed")
        """
    )
    assert [(result.check, result.verdict) for result in results] == [
        ("test_port[80]", Verdict.PASSED),
        ("test_port[81]", Verdict.FAILED),
    ]


def test_only_the_asked_steps_checks_are_run(run: Run, tmp_path: Path) -> None:
    """Neither those of other steps nor one that points at none."""
    results = run(
        f"""
        @step("two")
        def test_other_step():
            open({str(tmp_path / "touched")!r}, "w")

        def test_no_step():
            open({str(tmp_path / "touched")!r}, "w")

        @step()
        def test_empty_mark():
            open({str(tmp_path / "touched")!r}, "w")

        @step("one")
        def test_one():
            pass
        """
    )
    assert [result.check for result in results] == ["test_one"]
    assert not (tmp_path / "touched").exists()


def test_file_name_says_which_lab_a_check_is_for(write: Write, host: CheckHost) -> None:
    """Two labs may have steps of one name."""
    source = '@step("stop")\ndef test_stop(var, evidence):\n    evidence["var"] = var["x"]\n'
    files = (write(source, "test_02_nginx_and_mongo.py"), write(source, "test_06_clean_up.py"))
    variables = {"nginx-and-mongo": {"x": "two"}, "clean-up": {"x": "six"}}
    found = host.run(CheckRequest(files, ("nginx-and-mongo/stop", "clean-up/stop"), "", variables))
    assert {str(step): results[0].evidence["var"] for step, results in found.items()} == {
        "nginx-and-mongo/stop": "two",
        "clean-up/stop": "six",
    }
    found = host.run(CheckRequest(files, ("clean-up/stop",), "", variables))
    assert [str(step) for step in found] == ["clean-up/stop"]


CHAIN = """
    @step("one")
    def test_first(evidence):
        evidence["id"] = "new"

    @step("one")
    def test_second(evidence):
        evidence["more"] = 1
        {second}

    @step("two")
    def test_two(recorded, records, evidence):
        evidence.update(recorded=recorded("one"), records=records)
    """


@pytest.mark.parametrize(
    ("second", "before", "seen"),
    [
        ("pass", {}, {"id": "new", "more": 1}),
        ("pass", {"lab/one": {"id": "old"}}, {"id": "new", "more": 1}),
        ("require(False, 'no')", {"lab/one": {"id": "old"}}, {"id": "old"}),
    ],
)
def test_later_step_compares_with_what_an_earlier_one_is_in_this_very_run(
    write: Write, host: CheckHost, second: str, before: dict[str, dict[str, str]], seen: dict[str, object]
) -> None:
    """Whose evidence counts when all its checks pass; otherwise that of its day does."""
    file = write(CHAIN.format(second=second))
    found = host.run(CheckRequest((file,), ("lab/one", "lab/two"), "unix:///nowhere", recorded=before))
    (result,) = found[ref("two")]
    assert result.evidence == {"recorded": seen, "records": {"lab/one": seen}}


@pytest.mark.parametrize("second", ["require(False, 'no')", "raise OSError"])
def test_later_step_is_blocked_where_an_earlier_one_does_not_pass_and_never_did(
    write: Write, host: CheckHost, second: str
) -> None:
    """One check of two is not enough."""
    file = write(CHAIN.format(second=second) + "\n    @step('one')\n    def test_third():\n        pass\n")
    found = host.run(CheckRequest((file,), ("lab/one", "lab/two"), "unix:///nowhere"))
    assert [result.verdict for result in found[ref("two")]] == [Verdict.BLOCKED]


def test_evidence_that_is_no_json_is_an_error_of_its_check(run: Run) -> None:
    """It could not be recorded, so the check does not pass; and the check has a name."""
    (result,) = run('@step("one")\ndef test_one(evidence):\n    evidence["x"] = {1, 2}\n')
    assert (result.check, result.verdict) == ("test_one", Verdict.ERRORED)
    assert result.reason is not None
    assert "INTERNAL_ERROR" in result.reason


@pytest.mark.parametrize("statement", ["raise KeyboardInterrupt", "pytest.exit('enough')"])
def test_check_that_ends_the_whole_run_is_an_error_and_never_left_out(run: Run, statement: str) -> None:
    """Without it the step's other checks would pass for all."""
    results = run(
        f"""
        @step("one")
        def test_first():
            pass

        @step("one")
        def test_second():
            {statement}

        @step("one")
        def test_third():
            require(False, "never reached")
        """
    )
    assert [result.check for result in results] == ["test_first", "test_second"]
    assert results[1].verdict is Verdict.ERRORED


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def test_one(:\n", "test_01_lab.py cannot be collected: E   SyntaxError: invalid syntax"),
        ("import no_such_module\n", "test_01_lab.py cannot be collected: E   ModuleNotFoundError: No module named"),
        ("1 / 0\n", "test_01_lab.py cannot be collected: E   ZeroDivisionError: division by zero"),
    ],
)
def test_check_file_that_cannot_be_imported_is_the_tools_error(run: Run, source: str, says: str) -> None:
    """No verdict on the learner at all."""
    with pytest.raises(ToolError) as caught:
        run(source)
    assert caught.value.says.startswith(f"the checks were run, and {says}")
    assert caught.value.next == "labrunner doctor"
