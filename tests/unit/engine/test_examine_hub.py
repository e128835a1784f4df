"""The hub, asked for the quota of pulls over real HTTP."""

from __future__ import annotations

import pytest

from labrunner.engine.examine_hub import examine_hub
from tests.unit.conftest import Serve
from tests.unit.servers import Reply


@pytest.mark.parametrize(
    ("status", "headers", "says"),
    [
        (200, {"ratelimit-remaining": "76;w=21600"}, "grants 76 pulls more"),
        (200, {"ratelimit-remaining": "0;w=21600"}, "is used up"),
        (200, {}, "grants pulls"),
        (429, {}, "is used up"),
        (500, {}, "answers 500"),
    ],
)
def test_quota_is_what_the_hub_says(serve: Serve, status: int, headers: dict[str, str], says: str) -> None:
    """Asked by HEAD, which costs none; whatever it says, images may be built instead."""
    server = serve(lambda _: Reply(status=status, headers=headers))
    finding = examine_hub(server.host)
    assert says in finding.says
    assert not finding.blocks
    assert [request.method for request in server.requests] == ["HEAD"]


def test_hub_that_is_not_there_does_not_block(silent_port: int) -> None:
    """The next command does without it."""
    finding = examine_hub(f"127.0.0.1:{silent_port}")
    assert not finding.blocks
    assert finding.next == "labrunner images prepare --offline"
