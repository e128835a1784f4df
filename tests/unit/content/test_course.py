"""The whole course: labs in order that fit together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from labrunner.content.course import before, find_labs, load_course, misfits
from labrunner.content.locate import course_folder
from labrunner.content.parse import parse_lab
from labrunner.model.errors import LabFileError, ToolError
from labrunner.model.lab import Course
from tests.unit.builders import a_course, a_step, ref

Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write("01-a", "one: {}", "ids: …")`` writes a lab with these steps and further front matter."""

    def lab(folder: str, *steps: str, more: str = "") -> None:
        (tmp_path / folder).mkdir()
        body = "".join(f"  {step}\n" for step in steps)
        sections = "".join(f"## Do {step.partition(':')[0]}\n" for step in steps)
        (tmp_path / folder / "lab.md").write_text(
            f"---\ntitle: T\nminutes: 5\n{more}steps:\n{body}---\n{sections}", encoding="utf-8"
        )

    return lab


def test_labs_come_in_the_order_of_their_numbers(tmp_path: Path, write: Write) -> None:
    """A folder's number orders it, the rest is its name; what is no lab's folder is passed over."""
    write("02-push-it", "b: {needs: [first/a]}")
    write("10-last", "c: {}")
    write("01-first", "a: {until: push-it/b}")
    (tmp_path / "notes").mkdir()
    (tmp_path / "README.md").write_text("no lab")
    course = load_course(tmp_path)
    assert [(lab.number, lab.name) for lab in course.labs] == [(1, "first"), (2, "push-it"), (10, "last")]
    assert course.lab("push-it").needs == ("first",)


def test_folder_without_labs_is_a_broken_installation(tmp_path: Path) -> None:
    """The sentence says where labs were looked for."""
    with pytest.raises(ToolError, match=f"there is no lab below {tmp_path}") as caught:
        load_course(tmp_path)
    assert caught.value.next == "pip install --force-reinstall labrunner"


@pytest.mark.parametrize(
    ("steps", "more", "line", "says"),
    [
        (("a: {needs: [b]}", "b: {}"), "", 5, "a step before two/a in 'needs', found two/b"),
        (("a: {}", "b: {needs: [b]}"), "", 6, "a step before two/b in 'needs', found two/b"),
        (("a: {needs: [one/nothing]}",), "", 5, "a step before two/a in 'needs', found one/nothing"),
        (("a: {needs: [one/asks]}",), "", 5, "a step that asks nothing in 'needs', found one/asks"),
        (("a: {}", "b: {until: a}"), "", 6, "two/b or a step after it in 'until', found two/a"),
        (("a: {until: one/first}",), "", 5, "two/a or a step after it in 'until', found one/first"),
        (("a: {until: nowhere}",), "", 5, "two/a or a step after it in 'until', found two/nowhere"),
        (("a: {}",), "ids:\n  X: b/id\n", 5, "a step that exists in 'ids', found two/b"),
        (("a: {}",), "carry:\n  three: [x]\n", 5, "an earlier lab in 'carry', found three"),
        (("a: {}",), "carry:\n  two: [x]\n", 5, "an earlier lab in 'carry', found two"),
        (("a: {}",), "carry: {one: [app.py]}\n", 4, "a file that a step of one writes in 'carry', found app.py"),
    ],
)
def test_reference_that_leads_nowhere_or_backwards_is_a_mistake(
    tmp_path: Path, write: Write, steps: tuple[str, ...], more: str, line: int, says: str
) -> None:
    """Found when the course is loaded, with file and line, not in the middle of a lesson."""
    write("01-one", "first: {}", 'asks: {ask: "80"}')
    write("02-two", *steps, more=more)
    write("03-three", "z: {}")
    with pytest.raises(LabFileError) as caught:
        load_course(tmp_path)
    assert caught.value.says == f"{tmp_path}/02-two/lab.md:{line}: expected {says}"


def test_step_may_end_with_itself_and_with_a_step_of_a_later_lab(tmp_path: Path, write: Write) -> None:
    """Both are ways to say how long an outcome has to hold."""
    write("01-one", "a: {until: a}", "b: {until: two/c}")
    write("02-two", "c: {needs: [one/a]}")
    assert [step.until for step in load_course(tmp_path).steps] == [ref("one/a"), ref("two/c"), None]


def test_what_a_step_builds_on_is_found_through_all_labs() -> None:
    """Directly or not, once each, in the course's order."""
    course = a_course(
        a_step("a", lab="one"),
        a_step("unrelated", lab="one"),
        a_step("b", lab="one", needs=("a",)),
        a_step("c", lab="two", needs=("one/b", "one/a")),
        a_step("d", lab="two", needs=("c",)),
    )
    assert before(course, course.step(ref("two/d"))) == tuple(map(course.step, map(ref, ("one/a", "one/b", "two/c"))))
    assert before(course, course.step(ref("one/a"))) == ()


def test_course_that_is_shipped_fits_together() -> None:
    """Six labs, each step with two hints at least and something to do or to answer."""
    course = load_course(course_folder("labs"))
    assert [lab.number for lab in course.labs] == [1, 2, 3, 4, 5, 6]
    poor = [str(step.ref) for step in course.steps if len(step.hints) < 2 or not (step.actions or step.ask)]
    assert not poor


def test_what_leads_into_a_lab_that_could_not_be_read_is_not_judged(tmp_path: Path, write: Write) -> None:
    """It may be right; the other mistakes of the same lab are told, all of them."""
    more = "ids: {X: one/a/id, Y: two/b/id}\ncarry: {one: [app.py], none: [app.py]}\n"
    write("02-two", "a: {needs: [one/a, b], until: one/a}", more=more)
    course = Course(tuple(parse_lab(*found) for found in find_labs(tmp_path)))
    assert [error.says.partition("expected ")[2] for error in misfits(course, frozenset({"one"}))] == [
        "a step before two/a in 'needs', found two/b",
        "a step that exists in 'ids', found two/b",
        "an earlier lab in 'carry', found none",
    ]
