"""The parent's side of the check host: one that hangs, dies or is closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.model.errors import ToolError
from labrunner.model.verdict import Verdict
from labrunner.verify.process import CheckHost
from labrunner.verify.request import CheckRequest
from tests.unit.builders import ref
from tests.unit.processes import ends
from tests.unit.verify.conftest import FILE, Write

ASK = CheckRequest((FILE,), ("lab/one",), "unix:///nowhere")
PASSES = '@step("one")\ndef test_fine():\n    pass\n'
HANG = "time.sleep(600)"


@pytest.fixture
def hasty(host: CheckHost, write: Write) -> CheckHost:
    """A check host that is up, and whose next checks may take two seconds."""
    write(PASSES)
    host.run(ASK)
    host.deadline = 2
    return host


def test_check_that_hangs_is_errored_by_name_and_ended(hasty: CheckHost, write: Write, checks: Path) -> None:
    """What ended before it keeps its result; what it started is gone; the next request finds a new host."""
    write(
        f"""
        @step("one")
        def test_fine():
            pass

        @step("one")
        def test_hangs():
            \"\"\"the page answers\"\"\"
            child = subprocess.Popen(["sleep", "600"])
            open("pids", "w").write(f"{{os.getpid()}} {{child.pid}}")
            {HANG}

        @step("one")
        def test_never_reached():
            pass
        """
    )
    fine, hung = hasty.run(ASK)[ref("one")]
    assert (fine.check, fine.verdict) == ("test_fine", Verdict.PASSED)
    assert (hung.check, hung.says, hung.verdict) == ("test_hangs", "the page answers", Verdict.ERRORED)
    assert hung.reason == "the check was run, and that did not end within 2 s"
    assert all(ends(int(pid)) for pid in (checks / "pids").read_text().split())
    write(PASSES)
    hasty.deadline = 60
    assert [result.check for result in hasty.run(ASK)[ref("one")]] == ["test_fine"]


def test_check_file_that_hangs_is_the_tools_error(hasty: CheckHost, write: Write) -> None:
    """No check is to blame; and the next request is answered."""
    write(f"{HANG}\n")
    with pytest.raises(ToolError, match="the checks were run, and that did not end within 2 s"):
        hasty.run(ASK)
    write(PASSES)
    hasty.deadline = 60
    assert hasty.run(ASK)[ref("one")][0].verdict is Verdict.PASSED


@pytest.mark.parametrize(("end", "status"), [("os._exit(3)", "768"), ("os.kill(os.getpid(), 9)", "9")])
def test_check_whose_process_ends_is_errored_by_name(host: CheckHost, write: Write, end: str, status: str) -> None:
    """The host lives on."""
    write(f'@step("one")\ndef test_ends():\n    {end}\n')
    (result,) = host.run(ASK)[ref("one")]
    assert (result.check, result.verdict) == ("test_ends", Verdict.ERRORED)
    assert result.reason == f"the check was run, and the process of the checks ended with status {status}"
    write(PASSES)
    assert host.run(ASK)[ref("one")][0].verdict is Verdict.PASSED


def test_check_file_whose_process_ends_is_the_tools_error(host: CheckHost, write: Write) -> None:
    """No check was running."""
    write("os._exit(3)\n")
    with pytest.raises(ToolError, match="the checks were run, and the process of the checks ended with status 768"):
        host.run(ASK)


def test_host_that_is_killed_under_a_check_is_told_at_once(host: CheckHost, write: Write) -> None:
    """Not after the deadline, and not as a check that hangs; the next request finds a new host."""
    write(
        """
        @step("one")
        def test_kills():
            sys.stderr.write("out of memory\\n")
            os.killpg(0, 9)
        """
    )
    (result,) = host.run(ASK)[ref("one")]
    assert (result.check, result.verdict) == ("test_kills", Verdict.ERRORED)
    assert result.reason == "the check was run, and the process of the checks ended: out of memory"
    write(PASSES)
    assert host.run(ASK)[ref("one")][0].verdict is Verdict.PASSED


def test_host_that_died_between_requests_is_told_with_its_last_words(host: CheckHost, write: Write) -> None:
    """And replaced."""
    write('@step("one")\ndef test_kills():\n    os.kill(os.getppid(), 9)\n')
    assert host.run(ASK)[ref("one")][0].verdict is Verdict.PASSED
    with pytest.raises(ToolError, match="the checks were run, and the process of the checks ended: it said nothing"):
        host.run(ASK)
    write(PASSES)
    assert host.run(ASK)[ref("one")][0].check == "test_fine"


def test_closing_ends_the_host_and_what_its_checks_left_behind(checks: Path, write: Write) -> None:
    """A program that a check started does not outlive the command."""
    write(
        """
        @step("one")
        def test_leaves(evidence):
            evidence["pid"] = subprocess.Popen(["sleep", "600"]).pid
        """
    )
    with CheckHost(checks) as host:
        pid = int(host.run(ASK)[ref("one")][0].evidence["pid"])
        assert Path(f"/proc/{pid}").exists()
    assert ends(pid)
