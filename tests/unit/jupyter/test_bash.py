"""A cell that bash runs: what it prints, in order and as it comes, and how it is interrupted."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from labrunner.jupyter.bash import run_bash
from tests.unit.processes import ends


class Interrupted(io.StringIO):
    """Where somebody interrupts the cell as soon as it has printed a line."""

    def write(self, text: str) -> int:
        super().write(text)
        raise KeyboardInterrupt


def printed(cell: str) -> str:
    """All that a cell prints."""
    out = io.StringIO()
    run_bash(cell, out)
    return out.getvalue()


def test_complaints_stand_where_they_were_made_and_the_lines_below_still_run() -> None:
    shown = printed("echo one\ncd /no/such/folder\necho three")
    assert [line.partition(" ")[0] for line in shown.splitlines()] == ["one", "bash:", "three"]


def test_command_that_reads_does_not_eat_the_lines_below() -> None:
    assert printed("cat\necho still here") == "still here\n"


def test_what_is_no_text_is_shown_all_the_same() -> None:
    assert printed(r"printf 'a\377b\n'") == "a\N{REPLACEMENT CHARACTER}b\n"


def test_interrupt_is_heard_by_what_the_cell_has_started(tmp_path: Path) -> None:
    """Which tidies up. A line is shown while the cell still runs."""
    out = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        run_bash(f"trap 'touch {tmp_path}/tidied; exit' INT; echo up; sleep 600; touch {tmp_path}/after", out)
    assert out.getvalue() == "up\n"
    assert [file.name for file in tmp_path.iterdir()] == ["tidied"]


def test_what_does_not_hear_an_interrupt_is_killed(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_bash(f"trap '' INT; bash -c 'echo $$ > {tmp_path}/pid; echo up; exec sleep 600'", Interrupted())
    assert ends(int((tmp_path / "pid").read_text()))
