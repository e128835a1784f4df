"""Where a learner stands."""

from __future__ import annotations

import pytest

from labrunner.model.progress import Passing, Progress, exchangeable, find_step
from labrunner.model.verdict import CheckResult
from tests.unit.builders import a_course, a_lab, a_result, a_step, passed, ref


def test_evidence_of_a_passing_is_that_of_all_its_checks() -> None:
    """Two checks of one step fill one record."""
    checks: tuple[CheckResult, ...] = (a_result("s", container="c1"), a_result("s", port=8080))
    assert Passing("2024-01-01", checks).evidence == {"container": "c1", "port": 8080}


@pytest.mark.parametrize(
    ("done", "until", "ended"),
    [
        (("run", "stop"), "stop", True),
        (("run",), "stop", False),
        (("stop",), "stop", False),
        (("run",), "run", True),
        (("run", "stop"), None, False),
    ],
)
def test_step_has_ended_once_it_and_its_until_have_passed(
    done: tuple[str, ...], until: str | None, *, ended: bool
) -> None:
    """Without an ``until`` it never ends, and what never passed cannot have ended."""
    assert passed(*done).ended(a_step("run", until=until)) is ended


def test_open_step_is_the_first_that_never_passed() -> None:
    """A step that is passed out of order leaves the earlier one open; a lab all passed has none."""
    lab = a_lab(a_step("a"), a_step("b"), a_step("c"))
    assert passed("a", "c").open_step(lab) == lab.steps[1]
    assert passed("a", "b", "c").open_step(lab) is None


def test_labs_share_chosen_values_by_name_where_a_value_may_be_chosen() -> None:
    """What was chosen for the lab itself comes first, then what another lab chose, then the text's own value."""
    progress = Progress(variables={"one": {"web_port": "9090", "web": "other", "user": "ann"}, "two": {"user": "bob"}})
    lab = a_lab(name="two", variables={"web_port": "8080", "db_port": "8081", "web": "nginx", "user": "student"})
    assert progress.of_lab(lab) == {"web_port": "9090", "db_port": "8081", "web": "nginx", "user": "bob"}


def test_recorded_evidence_is_by_full_step_name() -> None:
    """Checks ask for it as ``lab/step``."""
    assert passed("lab/a", "other/b", pid=1).recorded() == {"lab/a": {"pid": 1}, "other/b": {"pid": 1}}


@pytest.mark.parametrize(
    ("name", "may"),
    [("web_port", True), ("user", True), ("registry", True), ("web", False), ("port_web", False), ("users", False)],
)
def test_ports_user_and_registry_may_be_exchanged_and_nothing_else(name: str, *, may: bool) -> None:
    """The checks look for the other variables by their values."""
    assert exchangeable(name) is may


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("b", "one/b"),
        ("step2", "one/b"),
        ("two/b", "two/b"),
        ("two/step1", "two/b"),
        ("step3", None),
        ("three/b", None),
        ("two/a", None),
    ],
)
def test_step_is_found_by_name_or_position_here_or_in_a_named_lab(asked: str, found: str | None) -> None:
    """``step2`` and ``b`` mean the current lab; with ``LAB/`` any lab."""
    course = a_course(a_step("a", lab="one"), a_step("b", lab="one", number=2), a_step("b", lab="two"))
    assert find_step(course, course.lab("one"), asked) == (ref(found) if found else None)


def test_bare_step_name_means_nothing_before_any_lab_was_started() -> None:
    """Where there is no current lab only a full name is found."""
    course = a_course(a_step("a", lab="one"))
    assert find_step(course, None, "a") is None
    assert find_step(course, None, "one/a") == ref("one/a")
