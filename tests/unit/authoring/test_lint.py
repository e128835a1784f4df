"""Judging a course as a whole."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labrunner.authoring.lint import lint
from labrunner.authoring.rules import RULES
from labrunner.authoring.source import read_course
from labrunner.content.locate import course_folder
from labrunner.model.errors import ToolError
from tests.unit.authoring.conftest import PUSH, WEB, At, Change, Found, Judge

REPOSITORY = Path(__file__).parents[3]
CHECKS = "checks/test_01_web.py"


def test_course_that_is_shipped_is_clean() -> None:
    """Nothing is found in it but what its labs acknowledge, each with a reason."""
    labs, checks, images = (course_folder(name) for name in ("labs", "checks", "images"))
    found = lint(read_course(labs, checks, images, datetime.now(UTC).date()))
    assert [finding for finding in found if not finding.reason] == []


def test_nothing_is_found_in_a_clean_course_but_what_it_acknowledges(judge: Judge) -> None:
    """That is shown with the reason of the front matter."""
    (finding,) = judge()
    assert (finding.rule, finding.line, finding.about) == ("image-age", 4, "registry:2")
    assert finding.reason == "it is the one that the checks know"
    assert judge("web") == []


def test_findings_come_all_at_once_in_order(judge: Judge, change: Change, at: At) -> None:
    """Of both labs and of the checks, by file and line; those of one lab where only that one is asked for."""
    change(PUSH, "Answer `y`.", "Answer.")
    change(WEB, "minutes: 5", "minutes: 0")
    change(WEB, '![A page with the words "Welcome to nginx"]', "![]")
    change(CHECKS, '    """you know its ID"""\n', "")
    rows = [(finding.file.name, finding.line, finding.rule) for finding in judge() if finding.reason is None]
    assert rows == [
        ("test_01_web.py", at(CHECKS, "def test_id_is_known"), "check-says"),
        ("lab.md", 3, "title"),
        ("lab.md", at(WEB, "![]"), "alt-text"),
        ("lab.md", at(PUSH, "```bash run reply=y"), "told"),
    ]
    assert len(judge("web")) == 3


def test_acknowledging_needs_the_thing_that_is_found_and_a_reason(found: Found, change: Change) -> None:
    """Another image, another rule or an empty reason leave the finding as it is, and are findings themselves."""
    change(PUSH, '"registry:2": it is the one', '"nginx:2": it is the one')
    rules = [rule for rule, _, _ in found()]
    assert rules == ["image-age", "acknowledged"]
    assert found()[1][1:] == (8, "expected image-age to find nginx:2, found that it does not")
    change(PUSH, "image-age: {", "image-ages: {")
    assert found()[1][2].endswith("in 'acknowledged', found image-ages")
    change(PUSH, 'image-ages: {"nginx:2": it is the one that the checks know}', 'image-age: {"registry:2": " "}')
    assert [rule for rule, _, _ in found()] == ["image-age", "acknowledged"]
    assert found()[1][2] == "expected a reason for registry:2 under image-age, found none"


def test_each_of_several_broken_labs_is_told_and_the_rest_is_judged(found: Found, change: Change, at: At) -> None:
    """A lab without readable front matter hides neither another one's mistakes, nor those of its words and checks."""
    change(WEB, "title: A web server", "title: [A web server")
    change(WEB, '![A page with the words "Welcome to nginx"]', "![]")
    change(CHECKS, '    """you know its ID"""\n', "")
    change(PUSH, "```bash run reply=y", "```bash walk")
    change(PUSH, "See `labrunner show push-it/build`.", "See `labrunner show push-it/bild`.")
    assert sorted((rule, line) for rule, line, _ in found() if rule != "image-age") == [
        ("alt-text", at(WEB, "![]")),
        ("check-says", at(CHECKS, "def test_id_is_known")),
        ("lab", 3),
        ("lab", at(PUSH, "```bash walk")),
        ("name", at(PUSH, "push-it/bild")),
    ]


def test_lab_without_front_matter_is_not_blamed_for_what_that_would_declare(found: Found, change: Change) -> None:
    """Neither for its secret nor for its variables."""
    change(PUSH, "title: Push it", "title: [Push it")
    assert [rule for rule, _, _ in found()] == ["lab"]


def test_every_mistake_that_the_loader_refuses_has_its_line(found: Found, change: Change) -> None:
    """Two in one front matter, and steps that need each other, each of which is told."""
    change(WEB, "minutes: 5", "minutes: five\ncolour: red")
    change(WEB, "  serve: {until: stop}", "  serve: {needs: [stop], until: stop}")
    assert [(rule, line) for rule, line, _ in found("web")] == [("lab", 3), ("lab", 4), ("lab", 9)]
    assert found("web")[2][2] == "expected a step before web/serve in 'needs', found web/stop"


def test_line_is_found_below_a_code_span_that_goes_on_in_the_next_line(found: Found, change: Change, at: At) -> None:
    """It has a blank where the line ended."""
    change(WEB, "Do it in", "Do `docker container\nstop site` or ![](page.svg) in")
    assert [(rule, line) for rule, line, _ in found("web")] == [("alt-text", at(WEB, "stop site`"))]


def test_fence_whose_words_no_shell_would_split_is_told_once(found: Found, change: Change, at: At) -> None:
    """In a step the loader refuses it, before the first step a rule does."""
    change(WEB, "```bash aside", "```bash 'aside")
    change(WEB, "```bash run term=second", "```bash run term='second")
    assert [(rule, line) for rule, line, _ in found("web")] == [
        ("shown", at(WEB, "```bash 'aside")),
        ("lab", at(WEB, "```bash run term")),
    ]


def test_lab_that_is_no_text_is_told(found: Found, course: Path) -> None:
    """The other one, which builds on it, is judged."""
    (course / WEB).write_bytes(b"\xff\xfe")
    assert [(rule, line) for rule, line, _ in found()] == [("lab", 1), ("image-age", 4)]
    (course / WEB).unlink()
    assert [(rule, line) for rule, line, _ in found()] == [("lab", 1), ("image-age", 4)]


def test_course_without_labs_or_without_its_table_is_broken(judge: Judge, course: Path) -> None:
    """That is the tool's own failure, and no finding."""
    (course / "images/support.yaml").write_text("nginx: {until: null}\n")
    with pytest.raises(ToolError, match=r"support\.yaml was to say until when images are supported"):
        judge()
    shutil.rmtree(course / "labs")
    (course / "labs").mkdir()
    with pytest.raises(ToolError, match="there is no lab below"):
        judge()


def test_every_rule_is_documented_and_proven() -> None:
    """In its docstring, in the reference, and by a mistake that these tests make."""
    assert [name for name, rule in RULES.items() if not (rule.__doc__ or "").endswith(".")] == []
    reference = (REPOSITORY / "docs/reference/lint.md").read_text()
    assert re.findall(r"^\| `([\w-]+)` \|", reference, re.MULTILINE) == list(RULES)
    tests = "".join(file.read_text() for file in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name in RULES if f'"{name}"' not in tests] == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what ``labrunner lint`` needs of this repository."""
    for name in ("labrunner", "labs", "checks", "images"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``labrunner lint`` as it is in that folder."""
    command = [sys.executable, "-m", "labrunner", "lint", *arguments]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, timeout=60)


def test_command_says_file_line_and_what_was_expected(checkout: Path) -> None:
    """One line for each finding, in text and in JSON; the exit code tells whether there are any."""
    lab = checkout / "labs/03-build-flask-image/lab.md"
    lab.write_text(lab.read_text().replace("```bash aside\nvi app.py", "```bash\nvi app.py"))
    line = lab.read_text().splitlines().index("vi app.py")
    done = run(checkout, "build-flask-image")
    assert done.returncode == 1
    expected = "expected 'run' or, where the solution does not do it, 'aside' behind bash, found 'vi app.py'"
    assert f"labs/03-build-flask-image/lab.md:{line}: shown: {expected}" in done.stdout.splitlines()
    assert re.search(r"python:3\.6\.1-alpine.* \(acknowledged: .+\)$", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1] == "labs judged: 1, findings: 1, acknowledged: 2"
    data = json.loads(run(checkout, "--json").stdout)
    assert data["verdict"] == "failed"
    assert data["findings"] == [
        {"file": "labs/03-build-flask-image/lab.md", "line": line, "rule": "shown", "says": expected}
    ]
    assert {row["rule"] for row in data["acknowledged"]} == {"image-age", "image-architecture"}
    assert all(row["reason"] for row in data["acknowledged"])
    assert run(checkout, "push").returncode == 0


def test_command_finds_nothing_in_this_repository() -> None:
    """It shows what is acknowledged, of all labs or of one, and says how much there is."""
    done = run(REPOSITORY)
    assert (done.returncode, done.stderr) == (0, "")
    *shown, last = done.stdout.splitlines()
    assert last == f"labs judged: 6, findings: 0, acknowledged: {len(shown)}"
    assert all(line.startswith("labs/") and "(acknowledged: " in line for line in shown)
    assert json.loads(run(REPOSITORY, "first-container", "--json").stdout) == {
        "verdict": "passed",
        "findings": [],
        "acknowledged": [],
    }


def test_command_is_used_wrongly_or_broken(checkout: Path) -> None:
    """A lab that does not exist, and a course that is not there."""
    done = run(REPOSITORY, "psh")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no lab 'psh'; did you mean push?" in done.stderr
    shutil.rmtree(checkout / "images")
    done = run(checkout, "--json")
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (3, "errored")


def test_command_waits_for_nothing_slow() -> None:
    """Neither the docker SDK nor pytest is imported: it answers in an editor."""
    command = [sys.executable, "-X", "importtime", "-m", "labrunner", "lint"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "markdown_it" in imported
    assert imported.isdisjoint({"docker", "pytest", "rich", "requests"})
