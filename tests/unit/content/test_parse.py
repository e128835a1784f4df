"""One lab's Markdown becomes a Lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.content.parse import parse_lab, read_lab
from labrunner.model.errors import LabFileError
from labrunner.model.lab import Action, Command, KeyPress, Lab, Typed, Visit, WriteFile
from tests.unit.builders import ref

FRONT = "---\ntitle: T\nminutes: 5\nsteps: {one: {}}\n---\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the lab's text stands."""
    return tmp_path / "lab.md"


def parse(file: Path, text: str) -> Lab:
    """The lab whose whole text this is."""
    file.write_text(text, encoding="utf-8")
    return parse_lab(file, "lab", 1)


def actions(file: Path, fence: str) -> tuple[Action, ...]:
    """The actions of a lab with one step in which this fence stands."""
    return parse(file, f"{FRONT}\n## One\n\n{fence}\n").steps[0].actions


def mistake(file: Path, text: str) -> LabFileError:
    """The mistake that is found."""
    with pytest.raises(LabFileError) as caught:
        parse(file, text)
    return caught.value


def test_sections_become_steps_in_order(file: Path) -> None:
    """Each ``##`` is a step; its heading, its text, and the name that the front matter gives it."""
    lab = parse(
        file,
        "---\ntitle: Two things\nminutes: 7\nimages: [nginx:latest]\nvars: {web: nginx}\nids: {X: one/id}\n"
        "secrets: {password: auth/htpasswd}\ncarry: {other: [a]}\n"
        "steps: {one: {until: two}, two: {needs: [one]}}\n---\n"
        "# Two things\n\nBefore.\n\n## First `thing`\n\nText one.\n\n### Deeper\n\nMore.\n\n## Second\n\nText two.\n",
    )
    assert (lab.name, lab.number, lab.title, lab.minutes) == ("lab", 1, "Two things", 7)
    assert (lab.folder, lab.intro) == (file.parent, "Before.")
    assert (lab.images, lab.variables) == (("nginx:latest",), {"web": "nginx"})
    assert lab.secrets == {"password": "auth/htpasswd"}
    assert (lab.ids["X"].step, lab.carry) == (ref("one"), {"other": ("a",)})
    first, second = lab.steps
    assert (first.ref, first.number, first.title, first.until) == (ref("one"), 1, "First `thing`", ref("two"))
    assert first.text == "Text one.\n\n### Deeper\n\nMore."
    assert (second.ref, second.number, second.text, second.needs) == (ref("two"), 2, "Text two.", (ref("one"),))


def test_title_is_not_part_of_the_introduction_but_a_comment_in_a_fence_is(file: Path) -> None:
    """Only the lab's own heading is left out."""
    lab = parse(file, f"{FRONT}# T\n\n```bash\n# a comment\nls\n```\n\n## One\n")
    assert lab.intro == "```bash\n# a comment\nls\n```"


def test_hints_are_taken_out_of_the_text(file: Path) -> None:
    """They are shown one by one, on demand; what stands around them stays."""
    (step,) = parse(
        file,
        f"{FRONT}\n## One\n\nBefore.\n\n<details><summary>Hint</summary>\n\nVague.\n\nStill vague.\n\n</details>\n\n"
        "<details>\n<summary>hint</summary>\n\n`exact`\n\n</details>\n\nAfter.\n\n<div>no hint</div>\n",
    ).steps
    assert step.hints == ("Vague.\n\nStill vague.", "`exact`")
    assert step.text == "Before.\n\nAfter.\n\n<div>no hint</div>"


@pytest.mark.parametrize(
    "block",
    [
        "<details><summary>Hint</summary>\nNo blank line.\n</details>",
        "<details><summary>Hint</summary>\n\nNever closed.",
        "<details><summary>Hint</summary>\n\nText.\n\n<div>another block</div>\n\n</details>",
    ],
)
def test_hint_that_cannot_be_taken_out_is_a_mistake(file: Path, block: str) -> None:
    """Without its blank lines a hint would be shown as part of the text."""
    error = mistake(file, f"{FRONT}\n## One\n\n{block}\n")
    assert error.line == 9
    assert "'</details>' after it" in error.says


def test_unusual_line_separators_do_not_shift_the_text(file: Path) -> None:
    """A form feed or U+2028 ends no line of Markdown, so the sections stay where they are."""
    (step,) = parse(
        file,
        f"{FRONT}\na\x0cb c\u2028d\n\n## One\n\nText.\n\n<details><summary>Hint</summary>\n\nVague.\n\n</details>\n",
    ).steps
    assert (step.text, step.hints) == ("Text.", ("Vague.",))


@pytest.mark.parametrize(
    ("fence", "expected"),
    [
        ("```bash run\nls\n\npwd\n```", (Command("ls"), Command("pwd"))),
        (
            "```bash run term=second hold ready='[#$] $'\ntop\n```",
            (Command("top", "second", hold=True, ready="[#$] $"),),
        ),
        ("```bash run reply=y\nprune\n```", (Command("prune", reply="y"),)),
        ("```bash run secret=key\nlogin\n```", (Command("login", secret="key"),)),  # noqa: S106 - a name
        ("```bash run\ndocker run \\\n  --name a \\\n  nginx\n```", (Command("docker run --name a nginx"),)),
        ("```bash type term=second\nexit\n```", (Typed("exit", "second"),)),
        ("```bash type term=second ready='>'\nshow dbs\n```", (Typed("show dbs", "second", ">"),)),
        ("```text press=Ctrl-C\n^C\n```", (KeyPress("Ctrl-C", "main"),)),
        ("```text press=Ctrl-D term=second\n```", (KeyPress("Ctrl-D", "second"),)),
        ("```python file=app.py\nif a:\n    b()  \\\n\n```", (WriteFile("app.py", "if a:\n    b()  \\\n\n"),)),
        ("```text open=http://localhost:8080\nhttp://localhost:8080\n```", (Visit("http://localhost:8080"),)),
        ("```text shows\nhello\n```", ()),
        ("```bash\nls\n```", ()),
        ("```bash aside\nls\n```", ()),
        ("```\nls\n```", ()),
    ],
)
def test_words_after_the_language_make_a_fence_an_action(file: Path, fence: str, expected: tuple[Action, ...]) -> None:
    """Each kind of fence, as docs/reference/lab-format.md has it; without words it is only shown."""
    assert actions(file, fence) == expected


@pytest.mark.parametrize(
    ("fence", "expected", "found"),
    [
        (
            "```bash walk\nls\n```",
            "one of run, type, press, file, open, shows, aside after the fence's language",
            "walk",
        ),
        ("```bash run press=Ctrl-C\nls\n```", "only hold, ready, reply, run, secret, term after", "press"),
        ("```bash type term=a hold\nls\n```", "only ready, term, type after", "hold"),
        ("```text press=Ctrl-Z term=main\n```", "one of the keys Ctrl-C, Ctrl-D", "Ctrl-Z"),
        ("```text press term=main\n```", "one of the keys Ctrl-C, Ctrl-D", ""),
        (
            "```bash run ready='a\nls\n```",
            "words that a shell could split",
            '"bash run ready=\'a" (No closing quotation)',
        ),
        ("```python file\nx\n```", "a value after 'file='", "nothing"),
        ("```text open=\nx\n```", "a value after 'open='", "nothing"),
    ],
)
def test_fence_with_wrong_words_is_a_mistake_with_its_line(file: Path, fence: str, expected: str, found: str) -> None:
    """A slip in a fence's words would otherwise be an action that is silently left out."""
    error = mistake(file, f"{FRONT}\n## One\n\n{fence}\n")
    assert error.line == 9
    assert f"expected {expected}" in error.says
    assert error.says.endswith(f"found {found}")


@pytest.mark.parametrize(("text", "found"), [("# No front matter\n", "# No front matter"), ("", "an empty file")])
def test_lab_without_front_matter_is_a_mistake(file: Path, text: str, found: str) -> None:
    """Nothing else says what a lab's steps are called."""
    error = mistake(file, text)
    assert error.line == 1
    assert error.says.endswith(f"expected front matter between two lines '---', found {found}")


@pytest.mark.parametrize(("text", "line", "found"), [("## One\n\n## Two\n", 8, "2"), ("No section.\n", 1, "0")])
def test_sections_and_steps_have_to_be_equally_many(file: Path, text: str, line: int, found: str) -> None:
    """Otherwise a step would be told by another one's text."""
    error = mistake(file, FRONT + text)
    assert error.line == line
    assert error.says.endswith(f"expected 1 sections '##', one for each step of the front matter, found {found}")


def test_file_that_is_missing_or_not_utf_8_is_a_mistake(file: Path) -> None:
    """The error names the file."""
    with pytest.raises(LabFileError, match=r"lab\.md:1: expected a readable file in UTF-8, found .*No such file"):
        parse_lab(file, "lab", 1)
    file.write_bytes(b"---\ntitle: \xff\n---\n")
    with pytest.raises(LabFileError, match=r"lab\.md:1: expected a readable file in UTF-8, found 'utf-8' codec"):
        parse_lab(file, "lab", 1)


def test_text_between_quotes_of_front_matter_may_hold_what_looks_like_markdown(file: Path) -> None:
    """``##`` in the front matter is YAML's comment, ``##`` in a fence is the shell's: neither starts a step."""
    front = "---\ntitle: T\nminutes: 5\n## a comment\nsteps: {one: {}}\n---\n"
    lab = parse(file, f"{front}## One\n\n```bash\n## no step\n```\n")
    assert [step.title for step in lab.steps] == ["One"]


def test_every_mistake_of_a_lab_is_told_and_the_rest_is_read(file: Path) -> None:
    """The parts that are wrong are left out."""
    front = "---\ntitle: T\nminutes: 5\ncolour: red\nsteps: {one: {}}\n---\n"
    hint = "<details><summary>Hint</summary>\nNo blank line.\n</details>"
    file.write_text(f"{front}## One\n\n```bash run\nls\n```\n\n```bash walk\n```\n\n```text press=X\n```\n\n{hint}\n")
    lab, mistakes = read_lab(file, "lab", 1)
    assert [error.line for error in mistakes] == [4, 19, 13, 16]
    assert lab is not None
    assert lab.steps[0].actions == (Command("ls"),)


def test_lab_without_its_steps_cannot_be_read(file: Path) -> None:
    """Nothing says which text is which step's; what is known of its front matter is told with it."""
    file.write_text("---\ntitle: T\nminutes: long\nsteps: {one: {}, two: {}}\n---\n## One\n")
    lab, mistakes = read_lab(file, "lab", 1)
    assert lab is None
    assert [error.line for error in mistakes] == [3, 6]
