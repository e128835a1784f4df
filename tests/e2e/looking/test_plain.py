"""What is seen in real terminals: narrow and wide, with colours and without."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from tests.measuring import unmeasured

Show = Callable[..., str]

#: What draws boxes, rules, bars and spinners, and what colours.
DRAWN = re.compile("[\u2500-\u259f\u2800-\u28ff\033]|[-=_*]{3,}")

REPORTS = ["", "list", "list nginx-and-mongo", "doctor --offline", "show", "hint", "check", "check nope"]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a home of its own in which nginx-and-mongo is the current lab."""
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "LINES"}}
    environ = {**kept, "TERM": "xterm", "LABRUNNER_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "labrunner", "start", "nginx-and-mongo"]
    subprocess.run(command, env=unmeasured(environ), capture_output=True, check=True)
    return environ


@pytest.fixture
def show(environ: dict[str, str]) -> Show:
    """``show("list", columns=40, TERM="dumb")``: what a command writes to a terminal of that width."""

    def on_terminal(command: str, columns: int, **more: str) -> str:
        arguments = ["-m", "labrunner", *command.split()]
        child = pexpect.spawn(
            sys.executable, arguments, env={**unmeasured(environ), **more}, encoding="utf-8", timeout=60,
            dimensions=(24, columns),
        )  # fmt: skip
        child.expect(pexpect.EOF)
        child.close()
        assert isinstance(child.before, str)
        return child.before.replace("\r\n", "\n")

    return on_terminal


@pytest.mark.engine
@pytest.mark.parametrize("command", REPORTS)
@pytest.mark.parametrize("columns", [40, 80])
def test_lines_fit_into_the_terminal(show: Show, command: str, columns: int) -> None:
    """What is longer than a line is one command, or one word, alone."""
    for line in show(command, columns, TERM="dumb").split("\n"):
        if len(line) > columns:
            assert re.match(r"(    )?(docker|labrunner) | *`[^`]+`\S*$| *\S+$", line), line


@pytest.mark.engine
@pytest.mark.parametrize("plain", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
@pytest.mark.parametrize("command", REPORTS)
def test_plain_terminal_gets_words_only(show: Show, command: str, plain: dict[str, str]) -> None:
    assert not DRAWN.search(show(command, 80, **plain))


@pytest.mark.engine
@pytest.mark.parametrize("command", ["show", "check"])
def test_terminal_gets_colours_but_no_boxes(show: Show, command: str) -> None:
    shown = show(command, 80)
    assert "\033[" in shown
    assert not DRAWN.search(re.sub(r"\033\[[\d;]*m", "", shown))
    assert re.sub(r"\033\[[\d;]*m", "", shown).split() == show(command, 80, NO_COLOR="1").replace("`", "").split()


def test_empty_no_color_is_as_if_unset(show: Show) -> None:
    assert "\033[" in show("show", 80, NO_COLOR="")


@pytest.mark.engine
def test_command_is_whole_in_a_narrow_terminal(show: Show) -> None:
    command = "docker image inspect --format '{{.Config.ExposedPorts}}' nginx"
    assert command in show("show images", 40, NO_COLOR="1").split("\n")
    assert "\nlabrunner check nginx-and-mongo/images --answer TEXT\n" in show("check", 40, NO_COLOR="1")


def test_wide_terminal_is_not_filled(show: Show) -> None:
    """Lines of more than 110 columns are hard to read."""
    assert max(map(len, show("show", 300, NO_COLOR="1").split("\n"))) <= 110


@pytest.mark.parametrize(("more", "bars"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_progress_is_plain_lines_on_a_plain_terminal(environ: dict[str, str], more: dict[str, str], bars: bool) -> None:  # noqa: FBT001 - a case's outcome
    """The images' progress, told by the very part that tells it while they are obtained."""
    script = (
        "from labrunner.cli.obtaining import telling; from labrunner.engine.stock import Progress\n"
        "with telling() as say:\n"
        "    for done in (0.1, 0.5, 1.0): say(Progress('nginx:latest', 'pulling', done))\n"
    )
    child = pexpect.spawn(
        sys.executable, ["-c", script], env={**environ, **more}, encoding="utf-8", timeout=60, dimensions=(24, 80)
    )
    child.expect(pexpect.EOF)
    child.close()
    assert isinstance(child.before, str)
    assert bool(DRAWN.search(child.before)) == bars
    assert bars or child.before == "nginx:latest: pulling\r\n"
