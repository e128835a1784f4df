"""Markdown on wide and narrow screens."""

from __future__ import annotations

import re

import pytest

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.model.lab import Step
from labrunner.report.markdown import rendered
from labrunner.report.page import step_page
from labrunner.report.screen import Screen, length

COURSE = load_course(course_folder("labs"))
TABLE = "| name | what |\n| --- | --- |\n| `pid` | process IDs |\n| `mnt` | mount points, so the file system |\n"


def test_text_keeps_its_order_and_its_words() -> None:
    source = "# A\n\none **two**\nthree\n\n1. first\n2. second\n\n> told\n\n- `a b`\n\n[here](http://localhost)\n"
    assert rendered(source, Screen()) == (
        "A\n\none two three\n\n1. first\n2. second\n\n  told\n\n- `a b`\n\nhere (http://localhost)"
    )


def test_list_items_hang() -> None:
    assert rendered("1. one two three four\n", Screen(12)) == "1. one two\n   three\n   four"


def test_code_is_indented_only_where_all_of_it_fits() -> None:
    code = "def f():\n    return 1"
    assert rendered(f"```python\n{code}\n```\n", Screen(16)) == "    def f():\n        return 1"
    assert rendered(f"```python\n{code}\n```\n", Screen(15)) == code


def test_wide_table_has_columns_and_a_narrow_one_names_its_cells() -> None:
    assert rendered(TABLE, Screen(60)).split("\n")[1] == "`pid`  process IDs"
    assert rendered(TABLE, Screen(30)) == (
        "name: `pid`\n  what: process IDs\nname: `mnt`\n  what: mount points, so the\n  file system"
    )


def test_colours_change_no_word() -> None:
    assert rendered("type `a b` **now**", Screen(colours=True)) == "type \033[36ma b\033[0m \033[1mnow\033[0m"


@pytest.mark.parametrize("step", COURSE.steps, ids=lambda step: str(step.ref))
@pytest.mark.parametrize("width", [40, 80])
def test_every_page_of_the_course_fits_and_breaks_no_command(step: Step, width: int) -> None:
    """Each line and each span of code stands whole in one line; only for its sake a line is longer than the screen."""
    lab = COURSE.lab(step.ref.lab)
    page = step_page(lab, step, Screen(width), intro=True).split("\n")
    fences = re.findall(r"^```.+?\n(.*?)^```", f"{lab.intro}\n{step.text}", re.MULTILINE | re.DOTALL)
    code = {line.strip() for fence in fences for line in fence.splitlines()}
    assert code <= {line.strip() for line in page}
    prose = re.sub(r"^```.*?^```", "", f"{lab.intro}\n{step.text}", flags=re.MULTILINE | re.DOTALL)
    assert all(any(" ".join(span.split()) in line for line in page) for span in re.findall(r"`[^`]+`", prose))
    for line in page:
        if length(line) > width and line.strip() not in code:
            assert " " not in re.sub(r"`[^`]*`", "", line).strip()
