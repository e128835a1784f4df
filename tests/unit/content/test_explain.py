"""What ``solve`` says of the words that it types."""

from __future__ import annotations

import re
import shlex

import pytest

from labrunner.content.course import load_course
from labrunner.content.explain import Meaning, explain, load_meanings
from labrunner.content.locate import course_folder
from labrunner.model.lab import Command, Typed

MEANINGS = {
    "docker run": Meaning("start", {("-d", "--detach"): "behind", ("-t", "--tty"): "terminal"}, starts=True),
    "docker": Meaning("the client"),
    "ps": Meaning("list", {("-e",): "all", ("-f",): "full"}),
    "comm": Meaning("compare", {("-12",): "both"}),
}
LINES = [
    action.line
    for step in load_course(course_folder("labs")).steps
    for action in step.actions
    if isinstance(action, Command | Typed)
]


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("docker run --detach nginx", [("docker run", "start"), ("--detach", "behind")]),
        ("docker run -dt ubuntu", [("docker run", "start"), ("-d", "behind"), ("-t", "terminal")]),
        ("docker run --tty=true ubuntu", [("docker run", "start"), ("--tty", "terminal")]),
        ("docker version", [("docker", "the client")]),
        ("docker run ubuntu ps -ef", [("docker run", "start"), ("ps", "list"), ("-e", "all"), ("-f", "full")]),
        ("ps -e | comm -12 a b", [("ps", "list"), ("-e", "all"), ("comm", "compare"), ("-12", "both")]),
        ("ps -e && ps -f", [("ps", "list"), ("-e", "all"), ("-f", "full")]),
        ("ps -e; ps -e", [("ps", "list"), ("-e", "all")]),
        ("ps 'a | b; docker run'", [("ps", "list")]),
        ("vi app.py", []),
        ("ps --unknown -xyz", [("ps", "list")]),
    ],
)  # fmt: skip
def test_commands_and_flags_are_explained_in_the_order_of_the_line(line: str, pairs: list[tuple[str, str]]) -> None:
    assert list(explain(line, MEANINGS)) == pairs


@pytest.mark.parametrize("line", dict.fromkeys(LINES))
def test_every_command_and_flag_of_the_labs_is_explained(line: str) -> None:
    """Whatever begins with a dash, in each command of each line that a lab's solution types."""
    explained = {words for words, _ in explain(line, load_meanings(course_folder("labs") / "commands.yaml"))}
    assert any(line.startswith(words) for words in explained)
    flags = [word.partition("=")[0] for word in shlex.split(line) if re.match(r"--?\w", word)]
    unknown = [flag for flag in flags if flag not in explained and not {f"-{each}" for each in flag[1:]} <= explained]
    assert not unknown
