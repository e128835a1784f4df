"""The journal: appended to by real processes, some of which are killed; read whole or refused with a reason."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrunner.model.errors import ToolError
from labrunner.model.lab import Action, Command, KeyPress, Typed, Visit, WriteFile
from labrunner.model.progress import Finding, Progress
from labrunner.model.verdict import State, StepReport, Verdict
from labrunner.runner.journal import Journal
from tests.unit.builders import a_result, ref
from tests.unit.conftest import Powerless
from tests.unit.processes import waited


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal that does not exist yet, in a folder that does not either."""
    return Journal(tmp_path / "deep" / "home" / "journal.jsonl")


def lines(journal: Journal) -> list[dict[str, Any]]:
    """What stands in the journal's file."""
    return [json.loads(line) for line in journal.file.read_text(encoding="utf-8").splitlines()]


def test_journal_that_was_never_written_is_a_learner_at_the_beginning(journal: Journal) -> None:
    """And reading makes no file."""
    assert journal.progress() == Progress()
    assert not journal.file.parent.exists()


def test_learner_stands_where_the_journal_says(journal: Journal) -> None:
    """The lab started last, the values in force, each step's last passing with its evidence."""
    journal.started("one", {"web_port": "8080"})
    journal.started("two", {"user": "ann"})
    journal.started("one", {"web_port": "9090"})
    journal.judged([], {ref("one/a"): (a_result("one/a", container="c1"),)})
    journal.judged([], {ref("one/a"): (a_result("one/a", container="c2"),), ref("one/b"): (a_result("one/b"),)})
    progress = journal.progress()
    assert progress.current == "one"
    assert progress.variables == {"one": {"web_port": "9090"}, "two": {"user": "ann"}}
    assert progress.recorded() == {"one/a": {"container": "c2"}, "one/b": {}}
    assert progress.passed[ref("one/a")].checks == (a_result("one/a", container="c2"),)


def test_each_line_has_its_version_and_its_time(journal: Journal) -> None:
    """In UTC, by ISO 8601."""
    journal.started("one", {})
    (line,) = lines(journal)
    assert line["v"] == 1
    assert datetime.fromisoformat(line["at"]).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("action", "shown"),
    [
        (Command("docker login localhost", secret="password"), "docker login localhost"),  # noqa: S106 - a name
        (Typed("exit", "main"), "exit"),
        (KeyPress("Ctrl-C", "main"), "Ctrl-C"),
        (WriteFile("app.py", "print()"), "write app.py"),
        (Visit("http://localhost:8080"), "open http://localhost:8080"),
    ],
)
def test_action_is_kept_as_the_learner_would_tell_it(journal: Journal, action: Action, shown: str) -> None:
    """Not as a passing: to do is not to have done."""
    journal.did(ref("one/a"), action)
    (line,) = lines(journal)
    assert (line["event"], line["step"], line["action"]) == ("did", "one/a", shown)
    assert journal.progress() == Progress()


def test_every_judgement_is_kept_and_only_a_passing_counts(journal: Journal) -> None:
    """With verdict and state in the words of the design."""
    report = StepReport(ref("one/a"), 1, "A", Verdict.BLOCKED, State.BROKEN, ())
    journal.judged([report], {})
    (line,) = lines(journal)
    assert (line["event"], line["step"], line["verdict"], line["state"]) == ("judged", "one/a", "blocked", "broken")
    assert journal.progress() == Progress()


@given(variables=st.dictionaries(st.text(), st.text(), max_size=4), evidence=st.dictionaries(st.text(), st.text()))
def test_any_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, variables: dict[str, str], evidence: dict[str, str]
) -> None:
    """A newline in a value is none in the file."""
    journal = Journal(tmp_path_factory.mktemp("any") / "journal.jsonl")
    journal.started("one", variables)
    result = a_result("one/a")
    journal.judged([], {ref("one/a"): (type(result)(**{**vars(result), "evidence": evidence}),)})
    progress = journal.progress()
    assert progress.variables == {"one": variables}
    assert progress.passed[ref("one/a")].evidence == evidence


def test_last_line_that_a_crash_has_torn_is_dropped_and_nothing_else(journal: Journal) -> None:
    """Whereever it was cut; the next line is written in its place."""
    journal.started("one", {"web_port": "8080"})
    whole = journal.file.read_bytes()
    for cut in range(1, len(whole)):
        journal.file.write_bytes(whole + whole[:-1][:cut])
        assert journal.progress().current == "one"
    journal.started("two", {})
    assert [line["lab"] for line in lines(journal)] == ["one", "two"]


def test_only_line_that_a_crash_has_torn_leaves_an_empty_journal(journal: Journal) -> None:
    """Nothing was recorded then."""
    journal.file.parent.mkdir(parents=True)
    journal.file.write_bytes(b'{"v": 1, "at"')
    assert journal.progress() == Progress()
    journal.started("one", {})
    assert journal.progress().current == "one"


WRITER = """
import sys
from pathlib import Path
from labrunner.runner.journal import Journal

journal, number = Journal(Path(sys.argv[1])), 0
while True:
    journal.started(f"lab-{number}", {"text": "x" * 200_000})
    number += 1
"""


def is_larger(file: Path, size: int) -> bool:
    """Whether there is such a file of more than this many bytes."""
    return file.exists() and file.stat().st_size > size


def test_journal_of_a_process_that_was_killed_while_it_wrote_is_read_and_written_on(journal: Journal) -> None:
    """``kill -9``, again and again: every line but a torn last one is whole."""
    for _ in range(5):
        enough = (journal.file.stat().st_size if journal.file.exists() else 0) + 500_000
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(journal.file)])
        try:
            assert waited(functools.partial(is_larger, journal.file, enough))
        finally:
            os.kill(writer.pid, signal.SIGKILL)
            writer.wait()
        assert journal.progress().current is not None
        journal.started("after", {})
        assert journal.progress().current == "after"
    assert all(line["event"] == "started" for line in lines(journal))


def test_writers_at_the_same_time_never_mix_their_lines(journal: Journal) -> None:
    """A terminal and a notebook share one home."""

    def write(name: str) -> None:
        for number in range(25):
            journal.started(f"{name}-{number}", {"text": name * 5000})

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = lines(journal)
    assert len(written) == 75
    assert len(journal.progress().variables) == 75


def test_line_that_another_process_is_still_writing_is_not_taken_for_a_torn_one(journal: Journal) -> None:
    """The next writer waits for its lock; here the test is the other process."""
    journal.started("one", {})
    whole = journal.file.read_bytes()
    with journal.file.open("ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(whole[:20])
        writer = threading.Thread(target=journal.started, args=("two", {}))
        writer.start()
        writer.join(0.3)
        file.write(whole[20:])
    writer.join()
    assert [line["lab"] for line in lines(journal)] == ["one", "one", "two"]


def test_journal_of_a_newer_version_is_not_guessed_at(journal: Journal) -> None:
    """The way on is the newer labrunner."""
    journal.started("one", {})
    with journal.file.open("a") as file:
        file.write('{"v": 2, "event": "started"}\n')
    with pytest.raises(ToolError, match="line 2 is of version 2, not 1") as caught:
        journal.progress()
    assert caught.value.next == "pip install --upgrade labrunner"


@pytest.mark.parametrize(
    "damaged",
    [
        b"\x00\x00\x00\x00",
        b"{",
        b"",
        b"\xff\xfe",
        b"[]",
        b"1",
        b'{"event": "started"}',
        b'{"v": 1}',
        b'{"v": 1, "event": "started"}',
        b'{"v": 1, "event": "passed", "step": "one/a", "at": ""}',
        b'{"v": 1, "event": "passed", "step": "one/a", "at": "", "checks": [{"step": "one/a", "verdict": "good"}]}',
        b'{"v": 1, "event": "passed", "step": "one/a", "at": "", "checks": [{"step": "one/a", "verdict": "passed"}]}',
    ],
)
def test_damaged_line_in_the_middle_is_told_with_its_number(journal: Journal, damaged: bytes) -> None:
    """Nothing is skipped in silence; the way on keeps the learner's files."""
    journal.started("one", {})
    with journal.file.open("ab") as file:
        file.write(damaged + b"\n")
    journal.started("two", {})
    with pytest.raises(ToolError, match="was read, and line 2 is no line of a journal") as caught:
        journal.progress()
    assert caught.value.next is not None
    assert caught.value.next.startswith(f"mv {journal.file} {journal.file}.kept")


def test_event_that_this_version_does_not_know_is_passed_over(journal: Journal) -> None:
    """It says nothing about where a learner stands."""
    journal.started("one", {})
    with journal.file.open("a") as file:
        file.write('{"v": 1, "at": "", "event": "celebrated", "step": "one/a"}\n')
    assert journal.progress().current == "one"


def test_journal_that_cannot_be_read_is_told_with_the_systems_reason(journal: Journal) -> None:
    """A folder of that name."""
    journal.file.mkdir(parents=True)
    with pytest.raises(ToolError, match=f"the journal {journal.file} was read, and .*Is a directory"):
        journal.progress()


def test_journal_that_cannot_be_written_is_told_with_the_systems_reason(
    socket_folder: Path, powerless: Powerless
) -> None:
    """A home that belongs to another user."""
    home = socket_folder / "home"
    home.mkdir(mode=0o555)
    journal = Journal(home / "journal.jsonl")
    with powerless(), pytest.raises(ToolError, match="was to be written, and that failed: Permission denied") as caught:
        journal.started("one", {})
    assert caught.value.next == "labrunner doctor, or another place by --home DIR"


FULL = """
import resource, signal, sys
from pathlib import Path
from labrunner.model.errors import ToolError
from labrunner.runner.journal import Journal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
without = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, without[1]))
try:
    Journal(Path(sys.argv[1])).started("two", {"text": "x" * 10000})
except ToolError as error:
    print(error.says)
resource.setrlimit(resource.RLIMIT_FSIZE, without)  # coverage writes a longer file at the end
"""


def test_full_disk_is_told_and_leaves_no_half_line(journal: Journal) -> None:
    """Here a limit on the size of files stands for the full disk."""
    journal.started("one", {})
    done = subprocess.run([sys.executable, "-c", FULL, str(journal.file)], check=True, capture_output=True, text=True)
    assert "was to be written, and that failed: File too large" in done.stdout
    assert journal.progress().current == "one"
    journal.started("three", {})
    assert journal.progress().current == "three"


def test_step_that_was_shown_and_the_hints_that_were_seen_are_known(journal: Journal) -> None:
    """The last step that was shown, and the most hints of each."""
    journal.shown(ref("one/a"))
    journal.hinted(ref("one/a"), 1)
    journal.hinted(ref("one/b"), 1)
    journal.shown(ref("one/b"))
    journal.hinted(ref("one/a"), 2)
    progress = journal.progress()
    assert progress.shown == ref("one/b")
    assert progress.hints == {ref("one/a"): 2, ref("one/b"): 1}


def test_what_the_last_verdict_found_wanting_is_known_until_one_finds_nothing(journal: Journal) -> None:
    """The first check that has not passed gives its reason, and what to type next."""
    wrong = replace(a_result("one/a", Verdict.FAILED), reason="the port is wrong", next="docker rm it")
    later = replace(a_result("one/a", Verdict.BLOCKED), reason="something else")
    for checks in ((a_result("one/a"), wrong, later), (a_result("one/b", Verdict.FAILED),)):
        journal.judged([StepReport(checks[-1].step, 1, "Do it", Verdict.FAILED, State.OPEN, checks)], {})
    assert journal.progress().wanting == {
        ref("one/a"): Finding("the port is wrong", "docker rm it"),
        ref("one/b"): Finding("it is not", None),
    }
    journal.judged([StepReport(ref("one/a"), 1, "Do it", Verdict.PASSED, State.HOLDS, (a_result("one/a"),))], {})
    assert set(journal.progress().wanting) == {ref("one/b")}


def test_reset_step_is_as_if_it_had_never_been_done(journal: Journal) -> None:
    """Its passing, hints and findings no longer count; other steps, the lab and its containers are known on."""
    journal.started("one", {"web_port": "8080"})
    journal.shown(ref("one/a"))
    for step in ("one/a", "one/b"):
        journal.judged([], {ref(step): (a_result(step, container=f"c of {step}"),)})
        journal.hinted(ref(step), 2)
        checks = (a_result(step, Verdict.FAILED),)
        journal.judged([StepReport(ref(step), 1, "Do it", Verdict.FAILED, State.BROKEN, checks)], {})
    written = len(lines(journal))
    journal.reset([ref("one/a")])
    progress = journal.progress()
    assert set(progress.passed) == set(progress.hints) == set(progress.wanting) == {ref("one/b")}
    assert progress.shown is None
    assert (progress.current, progress.variables) == ("one", {"one": {"web_port": "8080"}})
    assert progress.containers == {"c of one/a", "c of one/b"}
    assert len(lines(journal)) == written + 1
    journal.judged([], {ref("one/a"): (a_result("one/a", container="new"),)})
    assert journal.progress().recorded()["one/a"] == {"container": "new"}
