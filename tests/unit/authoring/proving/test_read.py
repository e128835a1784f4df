"""Cases are read with all that they do, and each mistake in them is told with its line."""

from __future__ import annotations

import pytest

from labrunner.model.lab import Command, Step, WriteFile
from tests.unit.authoring.conftest import Judge
from tests.unit.authoring.proving.conftest import Mistakes, Read

GOOD = """\
refused:
  - name: another port
    write: {notes.txt: "9090"}
    do: |
      docker container run --detach \\
        --publish 9090:80 --name site nginx
      docker container ls
    because: was to be published as 8080
accepted:
  - name: twice
    goes-on: true
    first: solution
    do: docker run -d nginx
"""


def test_a_case_does_what_is_written_in_that_order(read: Read, step: Step) -> None:
    refused, accepted = read(GOOD)
    assert (refused.name, refused.line, refused.because) == ("another port", 2, ("was to be published as 8080",))
    assert refused.actions == (
        WriteFile("notes.txt", "9090"),
        Command("docker container run --detach --publish 9090:80 --name site nginx", "case"),
        Command("docker container ls", "case"),
    )
    assert (accepted.line, accepted.refused, accepted.goes_on) == (10, False, True)
    assert accepted.actions == (*step.actions, Command("docker run -d nginx", "case"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("refused:", "declined:", "1: expected refused and accepted, and nothing else, found "),
        ("name: another port", "nam: another port", "2: expected a case with some of answer, because, do, "),
        ("name: another port", "name: 80", "2: expected a quoted string for 'name', found 80"),
        ("    because: was to be published as 8080\n", "", "2: expected because, the reason, found none"),
        ("    do: docker run -d nginx", "    because: because", "10: expected no reason, found "),
        ("first: solution", "first: all", "10: expected files or solution for 'first', found all"),
        ('{notes.txt: "9090"}', "notes.txt", "2: expected files and what is in them for 'write', found notes.txt"),
        ("name: twice", "name: another port", "10: expected a name that no other case of the step has"),
        ("  - name: another port", "  - [name: another port", "expected cases in YAML, found "),
    ],
)
def test_a_mistake_is_told_with_its_line(mistakes: Mistakes, old: str, new: str, says: str) -> None:
    assert any(says in said for said in mistakes(GOOD.replace(old, new))), mistakes(GOOD.replace(old, new))


def test_a_near_miss_that_is_the_solution_is_a_mistake(mistakes: Mistakes) -> None:
    same = "refused:\n  - {name: as shown, first: solution, because: nothing}\n"
    assert mistakes(same) == ["2: expected a near miss that differs from the solution, found as shown"]


def test_lint_finds_the_mistakes_of_all_files(judge: Judge, mistakes: Mistakes) -> None:
    mistakes("refused:\n  - {name: nothing done, because: nothing}\n")
    (finding,) = [each for each in judge("web") if each.rule == "near-miss"]
    assert (finding.file.name, finding.line) == ("serve.yaml", 2)
    assert finding.says == "expected something that is done or answered, found nothing"
