"""What goes to the check host and what comes back, as one line of JSON each."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from labrunner.model.lab import StepRef
from labrunner.model.verdict import CheckResult, Verdict
from labrunner.verify.request import CheckRequest, result_data, result_from

NAMES = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)
TEXTS = st.text()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
EVIDENCE = st.dictionaries(TEXTS, JSON, max_size=3)
BY_LAB = st.dictionaries(NAMES, st.dictionaries(NAMES, TEXTS, max_size=3), max_size=3)
REQUESTS = st.builds(
    CheckRequest,
    files=st.lists(TEXTS, max_size=3).map(tuple),
    steps=st.lists(TEXTS, max_size=3).map(tuple),
    endpoint=TEXTS,
    variables=BY_LAB,
    folders=st.dictionaries(NAMES, TEXTS, max_size=3),
    secrets=BY_LAB,
    recorded=st.dictionaries(NAMES, EVIDENCE, max_size=3),
    answers=st.dictionaries(NAMES, TEXTS, max_size=3),
)
RESULTS = st.builds(
    CheckResult,
    step=st.builds(StepRef, NAMES, NAMES),
    check=TEXTS,
    says=TEXTS,
    verdict=st.sampled_from(Verdict),
    reason=st.none() | TEXTS,
    next=st.none() | TEXTS,
    evidence=EVIDENCE,
    seconds=st.floats(min_value=0, allow_nan=False, allow_infinity=False),
)


@given(REQUESTS)
def test_request_survives_its_line(request: CheckRequest) -> None:
    """Whatever it holds, newlines too, it is one line, and the host reads the same request."""
    line = request.line()
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert CheckRequest.read(line) == request


@given(RESULTS)
def test_result_survives_being_json(result: CheckResult) -> None:
    """The journal and the check host keep the very same result."""
    assert result_from(json.loads(json.dumps(result_data(result)))) == result


def test_result_is_written_in_the_words_of_the_design() -> None:
    """Other programs read the journal: the step as ``lab/step``, the verdict in lower case."""
    result = CheckResult(StepRef("lab", "one"), "test_one", "one", Verdict.FAILED, "why", "cmd", {"pid": 1}, 0.5)
    assert result_data(result) == {
        "step": "lab/one",
        "check": "test_one",
        "says": "one",
        "verdict": "failed",
        "reason": "why",
        "next": "cmd",
        "evidence": {"pid": 1},
        "seconds": 0.5,
    }
