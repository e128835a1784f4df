"""``labrunner lint --prove`` on a real engine: a small course is proven, each planted mistake found at its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labrunner.engine.engine import Engine
from tests.e2e.small_course import LABRUNNER, listen, proving, write_course
from tests.e2e.spare import Spare
from tests.e2e.standins.helping import tiny_image
from tests.e2e.test_run import holds

pytestmark = pytest.mark.engine

#: labrunner, which waits less long for a check.
IMPATIENT = """\
from labrunner.cli import entry, proving
assert proving._DEADLINE == 60.0
proving._DEADLINE = 10.0
entry.main()
"""
Prove = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A course of one lab."""
    write_course(tmp_path)
    return tmp_path


@pytest.fixture
def prove(engine: Engine, place: Path) -> Prove:
    """``prove()``: the exit code, the JSON, and what was told; the engine is as before, whatever was found.

    Its arguments are Python's, to run another program than labrunner as it is.
    """

    def run(*program: str) -> tuple[int, dict[str, Any], str]:
        before = holds(engine)
        with proving(place, program=program or LABRUNNER) as process:
            told, answered = listen(process)
        assert holds(engine) == before
        return process.returncode, json.loads(answered), told

    return run


def proven(data: dict[str, Any], rule: str = "proof") -> list[tuple[str, str]]:
    """The place and the sentence of each finding of the proof, or of its mutants in the course's own checks."""
    found = [(f"{each['file']}:{each['line']}", each["says"]) for each in data["findings"] if each["rule"] == rule]
    return [(place, says) for place, says in found if place.startswith(("labs/", "checks/"))]


def change(file: Path, old: str, new: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_what_is_right_is_proven_once(prove: Prove) -> None:
    """The second time nothing is tried again, and the proof is the same."""
    _, data, told = prove()
    assert proven(data) == []
    assert proven(data, "mutant") == []
    port, tag = data["proof"]
    assert (port["check"], port["before"], port["after"]) == ("test_port", "failed", "passed")
    assert [each["name"] for each in port["near_misses"]] == ["no answer is given", "a word", "the next one"]
    assert {each["verdict"] for each in tag["near_misses"]} == {"failed"}
    noticed = {(each["at"], each["by"]) for each in tag["mutants"]}
    assert noticed == {("test_01_a_name.py:17", "before the step"), ("test_01_a_name.py:19", "another image")}
    assert tag["alternatives"] == [{"name": "the long command", "verdict": "passed", "reason": None}]
    assert "another image" in told
    _, again, told = prove()
    assert again["proof"] == data["proof"]
    assert "another image" not in told
    assert "proven before" in told


def test_a_planted_mistake_is_found_at_its_case_and_the_rest_goes_on(prove: Prove, place: Path) -> None:
    """A near miss that is right, a wrong reason, an alternative that is refused, and too few near misses."""
    cases = place / "labs" / "01-a-name" / "nearmiss"
    change(
        cases / "port.yaml",
        "{name: a word, answer: http, because: \"'http'",
        "{name: right, answer: 80/tcp, because: \"'http'",
    )
    change(cases / "tag.yaml", "because: it was to be a name of nginx", "because: a wrong reason")
    change(cases / "tag.yaml", "nginx:latest labrunner-test-mine}", "nginx:latest labrunner-test-wrong}")
    code, data, _ = prove()
    assert code == 1
    found = dict(proven(data))
    assert "'right' to be refused, found it accepted" in found["labs/01-a-name/nearmiss/port.yaml:2"]
    assert "because of 'a wrong reason', found: test_tag said: it was" in found["labs/01-a-name/nearmiss/tag.yaml:4"]
    assert "to be accepted, found it refused: test_tag said" in found["labs/01-a-name/nearmiss/tag.yaml:8"]
    assert "expected 3 near misses that test_port refuses, found 2" in found["labs/01-a-name/lab.md:7"]
    assert [each["after"] for each in data["proof"]] == ["passed", "passed"]


def test_a_check_that_is_too_lax_or_raises_is_found(prove: Prove, place: Path) -> None:
    """With the place of the case by which it is."""
    checks = place / "checks" / "test_01_a_name.py"
    change(checks, "require(same,", "require(same or True,")
    change(checks, "    ports = {", "    assert answer != '81' or 1 / 0\n    ports = {")
    code, data, _ = prove()
    assert code == 1
    found = dict(proven(data))
    assert "'another image' to be refused, found it accepted" in found["labs/01-a-name/nearmiss/tag.yaml:4"]
    assert "found that test_port broke: the check itself broke" in found["labs/01-a-name/nearmiss/port.yaml:3"]


def test_an_assertion_that_nothing_misses_is_found(prove: Prove, place: Path) -> None:
    """One that is always true, and one whose near miss is refused by another one as well; an exception is heard."""
    checks = place / "checks" / "test_01_a_name.py"
    change(
        checks,
        "    evidence.update(image",
        '    require(image.layers, "an image with layers was asked for")\n'
        "    # no near miss: every image has an ID\n"
        '    require(image.id, "an image with an ID was asked for")\n'
        "    evidence.update(image",
    )
    change(
        checks,
        "    same = ",
        '    require(image.id == engine.image("nginx").id, "it was to be a name of nginx")\n    same = ',
    )
    code, data, _ = prove()
    assert code == 1
    assert proven(data) == []
    assert [place for place, _ in proven(data, "mutant")] == [
        f"checks/test_01_a_name.py:{line}" for line in (18, 20, 21)
    ]


def test_an_exception_that_is_none_is_found(prove: Prove, place: Path) -> None:
    """A comment says that no near miss reaches an assertion, and one does."""
    checks = place / "checks" / "test_01_a_name.py"
    change(checks, "    require(same,", "    # no near miss: nobody does that\n    require(same,")
    _, data, _ = prove()
    ((where, says),) = proven(data, "mutant")
    assert where == "checks/test_01_a_name.py:20"
    assert says.startswith("expected no near miss to reach this")


def test_a_check_that_hangs_is_ended_and_found(prove: Prove, place: Path) -> None:
    """With the place of its case, and the next step is proven."""
    change(
        place / "checks" / "test_01_a_name.py",
        "    ports = {",
        "    while answer == '81':\n        pass\n    ports = {",
    )
    code, data, _ = prove("-c", IMPATIENT)
    assert code == 1
    found = dict(proven(data))
    assert "test_port broke: the check was run, and that did not end" in found["labs/01-a-name/nearmiss/port.yaml:3"]
    assert [each["after"] for each in data["proof"]] == ["passed", "passed"]


def test_an_engine_that_goes_away_ends_the_proof_with_a_sentence(spare: Spare, place: Path) -> None:
    """What was proven until then is told, and the step at which it happened."""
    tiny_image(spare.client, "nginx:latest", "EXPOSE 80")

    def end() -> None:
        spare.process.kill()
        spare.process.wait()

    with proving(place, DOCKER_HOST=spare.socket) as process:
        told, answered = listen(process, "another tag", end)
    data = json.loads(answered)
    assert (process.returncode, data["verdict"]) == (3, "errored")
    assert data["error"]["says"].startswith("a-name/tag was being proven, and ")
    assert [each["check"] for each in data["proof"]] == ["test_port"]
    assert "Traceback" not in told
