"""What can be wrong with a home or a file: one sentence, what to do next, the right exit code, and nothing lost."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from labrunner.engine.engine import Engine
from tests.e2e.learner.person import Done, Person
from tests.unit.processes import waited

pytestmark = pytest.mark.engine

LAB = "nginx-and-mongo"


@pytest.fixture
def person(person: Person) -> Person:
    """Only here is much of ``export``, ``import`` and what reads a home met."""
    person.measured = True
    return person


def says(done: Done, code: int, sentence: str, follows: str) -> None:
    """It ended with this code, and told on standard error only why, and what to do next."""
    assert done.returncode == code, done.stdout + done.stderr
    first, second = done.stderr.splitlines()
    assert first.startswith("labrunner: ")
    assert sentence in first
    assert not first.endswith(".")
    assert second.startswith("next: ")
    assert follows in second


@contextmanager
def changed(journal: Path, line: str) -> Iterator[None]:
    """The journal with a line put in its middle for a while; nobody else may change it meanwhile."""
    before = journal.read_text(encoding="utf-8")
    first, newline, rest = before.partition("\n")
    journal.write_text(now := first + newline + line + newline + rest, encoding="utf-8")
    yield
    assert journal.read_text(encoding="utf-8") == now
    journal.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "sentence", "follows"),
    [
        ("\x00\x00 not JSON", "line 2 is no line of a journal", "your files stay"),
        (json.dumps({"v": 2, "event": "started"}), "line 2 is of version 2, not 1", "pip install --upgrade labrunner"),
    ],
)
def test_journal_that_cannot_be_read_is_left_as_it_is(person: Person, line: str, sentence: str, follows: str) -> None:
    person.does("start", LAB)
    commands = ["", "list", "check", "hint", "next", f"goto {LAB}/again", "solve", "shell", "export", f"reset {LAB}"]
    with changed(person.home / "journal.jsonl", line):
        for command in commands:
            says(person.labrunner(*command.split()), 3, sentence, follows)
    assert f"> {LAB}" in person.does()


def test_verdict_is_shown_where_it_cannot_be_recorded(person: Person) -> None:
    """The home is for reading only; the exit code says that the next command will not know of it."""
    person.does("start", LAB)
    with read_only(person.home):
        done = may_not_write(person, "check", f"{LAB}/images", "--answer", "80")
        assert "PASSED    step1 images" in done.stdout
        says(done, 3, "journal.jsonl was to be written, and that failed: Permission denied", "labrunner doctor")
        for command in (f"solve {LAB}/images", f"goto {LAB}/again", f"reset {LAB}"):
            done = may_not_write(person, *command.split())
            says(done, 3, f"was to work in {person.home}, and that failed: Permission denied", "--home DIR")
        done = may_not_write(person, "start", "push")
        says(done, 3, "the folder of push was to be made", "a folder you may write to")
    assert person.verdicts(f"{LAB}/images", "--answer", "80") == {"images": "passed"}
    assert json.loads(person.does("--json"))["name"] == "nginx"


@contextmanager
def read_only(home: Path) -> Iterator[None]:
    """Nothing in the home may be written to, nor anything be made there."""
    before = {path: path.stat().st_mode for path in (home, *home.rglob("*"))}
    for path, mode in before.items():
        path.chmod(mode & ~0o222)
    yield
    for path, mode in before.items():
        path.chmod(mode)


def may_not_write(person: Person, *words: str) -> Done:
    """A command without root's power to write what is for reading only."""
    without = [] if os.getuid() else ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    return person.labrunner(*words, through=without)


@pytest.mark.skipif(os.getuid() != 0, reason="a small file system can be mounted by root only")
def test_home_on_a_full_disk(person: Person) -> None:
    """Nothing that was there is lost, and with room again the same command does it."""
    person.home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", person.home], check=True)
    try:
        person.does("start", LAB)
        person.does("check", f"{LAB}/images", "--answer", "80")
        before = (person.home / "journal.jsonl").read_bytes()
        filler = person.home / "filler"
        with pytest.raises(OSError, match="No space left"):
            filler.write_bytes(bytes(1 << 20))
        tries = (person.labrunner("check", LAB) for _ in range(9))  # the file's last block has room for some lines
        done = next(done for done in tries if done.returncode != 1)
        assert "PASSED    step1 images" in done.stdout
        says(done, 3, "journal.jsonl was to be written, and that failed: No space left on device", "labrunner doctor")
        says(person.labrunner("start", "push"), 3, "No space left on device", "--home DIR")
        says(person.labrunner("goto", f"{LAB}/again"), 3, "No space left on device", "--home DIR")
        filler.write_bytes(filler.read_bytes()[:-4096])  # room for the lock's one line only
        says(person.labrunner("goto", f"{LAB}/again"), 3, "No space left on device", "")
        filler.unlink()
        assert (person.home / "journal.jsonl").read_bytes()[: len(before)] == before
        assert json.loads(person.does("--json"))["name"] == "nginx"
        assert "PASSED" in person.does("goto", f"{LAB}/again")
        person.does("reset", "--all")
    finally:
        subprocess.run(["umount", person.home], check=True)


def test_second_command_is_told_who_works_in_the_home(person: Person) -> None:
    """And the first one goes on undisturbed."""
    person.does("start", LAB)
    first = person.begins("goto", f"{LAB}/again")
    assert first.stdout is not None
    assert first.stdout.readline()
    first.send_signal(signal.SIGSTOP)  # else it may come to its end meanwhile
    for command in ("solve", f"goto {LAB}/again", "reset --all"):
        holder = f"labrunner goto (process {first.pid}) is working there"
        says(person.labrunner(*command.split()), 3, holder, "wait for it")
    first.send_signal(signal.SIGCONT)
    said, _ = first.communicate()
    assert first.returncode == 0, said
    assert "PASSED: 3 passed" in said


def test_goto_restores_what_was_removed_by_hand(person: Person, engine: Engine) -> None:
    """Until then it is told as broken."""
    person.does("goto", f"{LAB}/inspect")
    assert engine.remove_container("nginx")
    done = person.labrunner("check", LAB)
    assert done.returncode == 1
    assert "FAILED    step2 nginx: Run nginx, it held before" in done.stdout
    assert "PASSED: 4 passed" in person.does("goto", f"{LAB}/inspect")


def test_reset_takes_a_terminal_along_that_is_inside_a_container(person: Person, engine: Engine) -> None:
    """The window says so, and the container is gone."""
    before = {container.id for container in engine.containers()}
    person.does("start", LAB)
    window = person.window(LAB)
    window.holds("docker container run -it --name mongo ubuntu bash", r"[#$] $")
    assert {container.id for container in engine.containers()} > before
    assert f"{LAB} is at its start" in person.does("reset", LAB)
    window.child.expect("the terminal has ended")
    window.child.expect(pexpect.EOF)
    assert {container.id for container in engine.containers()} == before
    assert waited(lambda: not any("--norc" in line for line in person.processes().values()))


def test_what_is_no_export_is_refused_and_nothing_is_made(person: Person) -> None:
    """Random bytes, and archives that would write elsewhere."""
    link = tarfile.TarInfo(f"{LAB}/app.py")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    cases = {
        "the file is no archive": None,
        "it holds ../evil": tarfile.TarInfo("../evil"),
        "it holds /evil": tarfile.TarInfo("/evil"),
        f"it holds {LAB}/app.py": link,
    }
    for sentence, member in cases.items():
        file = person.folder / "some.tar.gz"
        file.write_bytes(os.urandom(5000))
        if member is not None:
            archive_of(file, member)
        done = person.labrunner("import", str(file))
        says(done, 2, "is no export of labrunner" if member is None else sentence, "labrunner export")
        assert not person.home.exists()
    archive_of(file, tarfile.TarInfo("anything"), version=2)
    says(person.labrunner("import", str(file)), 3, "is of version 2, not 1", "pip install --upgrade labrunner")
    says(person.labrunner("import", "missing.tar.gz"), 2, "there is no such file", "labrunner export")
    assert not person.home.exists()


def archive_of(file: Path, member: tarfile.TarInfo, version: int = 1) -> None:
    """Write what looks like an export, with one member more."""
    with tarfile.open(file, "w:gz") as archive:
        for name, content in (("labrunner-export.json", json.dumps({"version": version})), ("journal.jsonl", "")):
            head = tarfile.TarInfo(name)
            head.size = len(content)
            archive.addfile(head, io.BytesIO(content.encode()))
        archive.addfile(member)


def test_progress_moves_to_an_empty_home_only_and_overwrites_no_file(person: Person, tmp_path: Path) -> None:
    """What was done on one machine goes on, on another, with ``goto``."""
    person.does("goto", f"{LAB}/mongo")
    notes = person.home / LAB / "notes.txt"
    notes.write_text("mine")
    person.does("export", "mine.tar.gz")
    exported = (tmp_path / "mine.tar.gz").read_bytes()
    says(person.labrunner("export", "mine.tar.gz"), 2, "there is such a file", "name another file")
    assert (tmp_path / "mine.tar.gz").read_bytes() == exported
    journal = (person.home / "journal.jsonl").read_bytes()
    says(person.labrunner("import", "mine.tar.gz"), 2, "labs have been started already", "--home DIR")
    assert (person.home / "journal.jsonl").read_bytes() == journal
    person.does("reset", "--all")
    assert not notes.exists()
    (person.home / "journal.jsonl").unlink()
    assert f"labrunner goto {LAB}/mongo" in person.does("import", "mine.tar.gz")
    assert notes.read_text() == "mine"
    assert "PASSED: 2 passed" in person.does("goto", f"{LAB}/mongo")
