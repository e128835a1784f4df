"""Commands and the keeper are killed in mid-course: the same command goes on, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from labrunner.engine.engine import Engine
from tests.e2e.learner.person import Person
from tests.e2e.scope.conftest import Client
from tests.unit.processes import ends, waited

pytestmark = pytest.mark.engine


def kill_at(process: subprocess.Popen[str], words: str) -> None:
    """Kill a command as soon as it has said some words."""
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            if words in line:
                process.kill()
                break
        else:
            pytest.fail(f"it never said {words!r}")


def test_goto_goes_on_where_it_was_killed(person: Person) -> None:
    """At several places, one after the other; what it had done stays done."""
    for words in ("step1 images", "step3 mongo", "step5 inspect"):
        kill_at(person.begins("goto", "nginx-and-mongo/prune"), words)
        assert "nginx-and-mongo" in person.does()  # the journal is readable
    before = person.types("nginx-and-mongo", "docker container ls --quiet --no-trunc --filter name=mongo")
    assert before.strip()
    said = person.does("goto", "nginx-and-mongo/remove")
    assert "PASSED: 6 passed" in said
    after = person.types("nginx-and-mongo", "docker container ls --all --quiet --no-trunc --filter name=mongo")
    assert after == before


def running(engine: Engine) -> frozenset[str]:
    """The IDs of all containers that run."""
    return frozenset(container.id for container in engine.containers() if container.running)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("nginx-and-mongo/nginx", "docker container run"),
        ("first-container/top", "docker container run"),
        pytest.param("build-flask-image/build", "# write the file Dockerfile", marks=pytest.mark.slow),
    ],
)
def test_solve_goes_on_where_it_was_killed(person: Person, step: str, words: str) -> None:
    """What it had typed goes on in the learner's terminal; the same command comes to a good end."""
    kill_at(person.begins("solve", step), words)
    assert "PASSED" in person.does("solve", step)


@pytest.mark.parametrize(
    "command", ["goto build-flask-image/run", pytest.param("solve build-flask-image/build", marks=pytest.mark.slow)]
)
def test_command_goes_on_where_it_was_killed_within_a_build(person: Person, command: str) -> None:
    """The build goes on in the learner's terminal, and is waited for before the next line is typed there."""
    going = person.begins(*command.split())
    assert waited(lambda: any(line.startswith("docker build ") for line in person.processes().values()))
    going.kill()
    going.communicate()
    assert "PASSED" in person.does(*command.split())
    listed = person.types("build-flask-image", "docker container ls --all --quiet")
    assert listed == ""


def test_killed_keeper_takes_its_terminals_along_and_goto_restores_what_ran_there(
    person: Person, engine: Engine
) -> None:
    """``top`` ran in one of them; that it has ended looks like the end of the lab, which is still to come."""
    others = running(engine)
    person.does("goto", "first-container/leave")
    shells = [pid for pid, line in person.processes().items() if "--norc" in line]
    assert len(shells) == 2
    os.kill(person.keeper(), signal.SIGKILL)
    assert all(ends(pid) for pid in shells)
    assert waited(lambda: not person.processes()), person.processes()
    # Whether a client passes its hangup on before it ends is a race of its own; here the container ends.
    Client(engine.host).process("container", "kill", *(running(engine) - others))
    assert waited(lambda: running(engine) == others)
    assert "first-container" in person.does()
    said = person.does("goto", "first-container/host")
    assert "PASSED: 4 passed" in said
    assert "PASSED    step1 top: Run top in a container\n" in said
    assert "PASSED" in person.does("solve")


@pytest.mark.slow
def test_keeper_killed_under_a_command_is_told_in_a_sentence(person: Person) -> None:
    """It names the terminal that has ended, and the same command goes on."""
    going = person.begins("goto", "build-flask-image/logs")
    assert waited(lambda: any(line.startswith("docker build ") for line in person.processes().values()))
    os.kill(person.keeper(), signal.SIGKILL)
    said, _ = going.communicate()
    assert going.returncode == 3
    assert "ERRORED" in said
    assert "has ended" in said
    assert "Traceback" not in said
    assert "PASSED: 3 passed" in person.does("goto", "build-flask-image/logs")


@pytest.mark.parametrize("command", ["goto nginx-and-mongo/again", "solve nginx-and-mongo/nginx"])
def test_nothing_is_typed_into_a_program_of_the_learners(person: Person, command: str) -> None:
    """It is named, with what ends it; then the same command goes on."""
    person.does("start", "nginx-and-mongo")
    window = person.window("nginx-and-mongo")
    window.holds("cat > mine.txt", "")
    refused = person.labrunner(*command.split())
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert "this step types into the lab's terminal 'main', and 'cat' runs there" in refused.stderr
    assert "next: labrunner shell --term main, and end it there" in refused.stderr
    window.presses("c")
    assert (person.home / "nginx-and-mongo" / "mine.txt").read_text() == ""
    assert "PASSED" in person.does(*command.split())
