"""How it is told why a container does not run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labrunner.engine.engine import Engine
from labrunner.verify.checking import NotDone
from labrunner.verify.looking import demand_running, telling
from tests.unit.builders import a_container

NOBODY = Engine("unix:///nowhere")
STACK = ["goroutine 1 [running]:", "main.main()", "cmd/registry/main.go:22 +0x25"]


@pytest.mark.parametrize(
    "error",
    [
        "connectivity on endpoint nginx (df4d:7): listen tcp4 0.0.0.0:8080: bind: address already in use",
        "connectivity on endpoint nginx: Bind for 0.0.0.0:8080 failed: port is already allocated",
        "failed to bind host port [::]:8080/tcp: address already in use",
    ],
)
def test_taken_port_is_told_by_its_number_and_with_the_way_out(error: str) -> None:
    """In place of the engine's own sentence, which names neither."""
    made = replace(a_container("nginx"), running=False, status="created", error=error)
    with pytest.raises(
        NotDone, match="created, because port 8080 of this host was taken already; end what has it"
    ) as caught:
        demand_running(NOBODY, made)
    assert caught.value.next == "docker container rm nginx, then run it again"


def test_any_other_error_is_the_engines() -> None:
    made = replace(a_container("nginx"), running=False, status="created", error="no such program: nginxx")
    with pytest.raises(NotDone, match="created, because no such program: nginxx"):
        demand_running(NOBODY, made, "go on")


def test_log_is_told_by_its_last_lines_and_a_panic_by_its_first() -> None:
    """A program in Go that panics says why, and then where, in dozens of lines."""
    assert telling(["one", "two", "three", "four"]) == ["two", "three", "four"]
    assert telling(["starting", "panic: no such file", *STACK]) == ["panic: no such file"]
