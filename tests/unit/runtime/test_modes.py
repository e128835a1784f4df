"""Which way to run is chosen, and which is refused in one sentence."""

from __future__ import annotations

import pytest

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.modes import VARIABLE, Mode, choose


@pytest.mark.parametrize(
    ("asked", "privileged", "mode"),
    [
        (None, True, Mode.ROOT),
        (None, False, Mode.SINGLE),
        ("", True, Mode.ROOT),
        ("root", True, Mode.ROOT),
        ("single", True, Mode.SINGLE),
        ("single", False, Mode.SINGLE),
    ],
)
def test_the_way_is_by_right_or_by_wish(asked: str | None, privileged: bool, mode: Mode) -> None:  # noqa: FBT001 - a table
    assert choose({} if asked is None else {VARIABLE: asked}, privileged=privileged) is mode


@pytest.mark.parametrize(
    ("asked", "privileged", "says"),
    [
        ("root", False, "this process lacks CAP_SYS_ADMIN: set it to single, or start as root"),
        ("subid", True, "subordinate ids, which this version does not use yet: set it to single"),
        ("Root", True, "is root, single or not set, not 'Root': unset it to let labrunner choose"),
    ],
)
def test_a_way_that_cannot_be_gone_is_refused(asked: str, privileged: bool, says: str) -> None:  # noqa: FBT001 - as above
    with pytest.raises(RuntimeFailure) as refused:
        choose({VARIABLE: asked}, privileged=privileged)
    assert refused.value.kind is Kind.MISSING_FEATURE
    assert refused.value.says.startswith(VARIABLE)
    assert refused.value.says.endswith(says)
