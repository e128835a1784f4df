"""The pytest plugin that selects the asked-for checks and turns each outcome into a CheckResult."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, Literal, cast

import pytest

from labrunner.content import locate
from labrunner.engine.api import ApiError
from labrunner.model.errors import LabrunnerError
from labrunner.model.lab import StepRef
from labrunner.model.verdict import CheckResult, Verdict
from labrunner.verify.checking import Blocked, NotDone
from labrunner.verify.request import CheckRequest, result_data

REQUEST = pytest.StashKey[CheckRequest]()
RECORDED = pytest.StashKey[dict[str, Mapping[str, Any]]]()
EVIDENCE = pytest.StashKey[dict[str, Any]]()


def lab_of(item: pytest.Item) -> str:
    """The lab that a check is for, by the name of its file."""
    return locate.lab_of(item.path)


def step_of(item: pytest.Item) -> str:
    """The step that a check points at, as ``lab/step``; the lab alone where the mark is missing."""
    mark = item.get_closest_marker("step")
    return f"{lab_of(item)}/{mark.args[0]}" if mark and mark.args else lab_of(item)


class CheckPlugin:
    """One run of pytest over one request. ``problem`` says what went wrong outside every check."""

    def __init__(self, request: CheckRequest, send: Callable[[object], None]) -> None:
        self.request = request
        self.send = send
        self.problem: str | None = None
        self._recorded = dict(request.recorded)
        self._now: dict[str, dict[str, Any] | None] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        """Hand the request to the fixtures."""
        config.stash[REQUEST] = self.request
        config.stash[RECORDED] = self._recorded
        config.addinivalue_line("markers", "step(name): the step of its lab that a check judges")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the checks of the requested steps."""
        items[:] = [item for item in items if step_of(item) in self.request.steps]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A check file that cannot be imported is the tool's error."""
        if report.failed:
            lines = str(report.longrepr).strip().splitlines()
            self.problem = f"{report.nodeid} cannot be collected: {lines[-1] if lines else 'no reason given'}"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Say which check is running, so that one that hangs can be named."""
        item.stash[EVIDENCE] = {}
        self.send({"running": {"step": step_of(item), "check": item.name, "says": _says(item)}})
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Send one result per check: of its call, or of the fixture that failed before it.

        The report that pytest itself would make renders a traceback, which costs 40 ms and which nobody reads.
        """
        if call.when == "call" or call.excinfo is not None:
            result = _result(item, call)
            self._record(result)
            self.send({"result": result_data(result)})
        outcome: Literal["passed", "failed"] = "failed" if call.excinfo else "passed"
        when = cast("Literal['setup', 'call', 'teardown']", call.when)  # 'collect' is for collectors only
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, when)

    def _record(self, result: CheckResult) -> None:
        """Let the checks that follow compare with what a step is now: a container made anew has another ID."""
        step = str(result.step)
        before = self._now.get(step, {})
        if before is None or result.verdict is not Verdict.PASSED:
            self._now[step] = None
            self._recorded.pop(step, None)
            if step in self.request.recorded:
                self._recorded[step] = self.request.recorded[step]
        else:
            self._now[step] = self._recorded[step] = {**before, **result.evidence}


def _says(item: pytest.Item) -> str:
    doc = getattr(getattr(item, "function", None), "__doc__", None) or item.name
    return " ".join(doc.strip().partition("\n\n")[0].split()).rstrip(".")


def _result(item: pytest.Item, call: pytest.CallInfo[None]) -> CheckResult:
    error = call.excinfo.value if call.excinfo else None
    verdict, reason, following = _outcome(error)
    lab, _, name = step_of(item).partition("/")
    evidence = item.stash[EVIDENCE]
    return CheckResult(
        step=StepRef(lab, name),
        check=item.name,
        says=_says(item),
        verdict=verdict,
        reason=reason,
        next=following,
        evidence=evidence,
        seconds=round(call.duration if call.when == "call" else time.time() - call.start, 3),
    )


def _outcome(error: BaseException | None) -> tuple[Verdict, str | None, str | None]:
    match error:
        case None:
            return Verdict.PASSED, None, None
        case NotDone():
            return Verdict.FAILED, str(error), error.next
        case Blocked():
            return Verdict.BLOCKED, str(error), error.next
        case AssertionError():
            return Verdict.FAILED, str(error) or f"{_place(error)} does not hold", None
        case LabrunnerError():
            return Verdict.ERRORED, error.says, error.next
        case ApiError():
            return Verdict.ERRORED, f"the engine answers {error.status}: {error.message}", "labrunner doctor"
        case _:
            return Verdict.ERRORED, f"the check itself broke at {_place(error)}: {type(error).__name__}: {error}", None


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
