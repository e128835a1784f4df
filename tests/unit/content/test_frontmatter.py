"""A lab's front matter: typed fields, and a line for each mistake."""

from __future__ import annotations

import re

import pytest

from labrunner.content.frontmatter import Fields, line_of, read_front_matter
from labrunner.model.errors import LabFileError
from labrunner.model.lab import Evidence, StepRef
from tests.unit.builders import ref

LEAST = "title: T\nminutes: 5\nsteps: {one: {}}\n"


def read(source: str) -> Fields:
    """The front matter of the lab ``lab``."""
    fields, mistakes = read_front_matter("lab", "lab.md", source)
    assert not mistakes
    return fields


def mistake(source: str) -> LabFileError:
    """The mistake that is found first."""
    try:
        _, (error, *_) = read_front_matter("lab", "lab.md", source)
    except LabFileError as raised:
        error = raised
    assert re.match(rf"lab\.md:{error.line}: expected ", error.says)
    return error


def test_all_fields_are_read() -> None:
    """What the front matter says is what the lab has."""
    fields = read(
        "title: Nginx beside mongo\n"
        "minutes: 15\n"
        "images: [nginx:latest, mongo:3.4]\n"
        'vars: {web_port: "8080", web: nginx}\n'
        "ids: {NGINX_ID: nginx/container, APP_ID: build/run/container}\n"
        "secrets: {password: auth/htpasswd}\n"
        "carry: {build: [app.py, Dockerfile]}\n"
        'acknowledged: {image-age: {"mongo:3.4": it is what the text is about}}\n'
        "steps:\n"
        "  nginx: {until: other/stop}\n"
        "  stop: {needs: [nginx, build/run]}\n"
    )
    assert (fields.title, fields.minutes) == ("Nginx beside mongo", 15)
    assert fields.images == ("nginx:latest", "mongo:3.4")
    assert fields.variables == {"web_port": "8080", "web": "nginx"}
    assert fields.ids == {
        "NGINX_ID": Evidence(ref("nginx"), "container"),
        "APP_ID": Evidence(StepRef("build", "run"), "container"),
    }
    assert fields.secrets == {"password": "auth/htpasswd"}
    assert fields.carry == {"build": ("app.py", "Dockerfile")}
    assert fields.acknowledged == {"image-age": {"mongo:3.4": "it is what the text is about"}}
    nginx, stop = fields.steps
    assert (nginx.ref, nginx.needs, nginx.until, nginx.ask) == (ref("nginx"), (), StepRef("other", "stop"), None)
    assert (stop.needs, stop.until) == ((ref("nginx"), StepRef("build", "run")), None)


def test_everything_but_title_minutes_and_steps_may_be_left_out() -> None:
    """The least front matter makes a lab that brings nothing along."""
    fields = read("title: T\nminutes: 5\nimages:\nsteps:\n  one:\n")
    assert (fields.images, fields.variables, fields.ids, fields.secrets, fields.carry) == ((), {}, {}, {}, {})
    assert [step.ref for step in fields.steps] == [ref("one")]


def test_asking_step_ends_with_its_own_passing() -> None:
    """An answered question leaves no trace that could still hold."""
    (step,) = read('title: T\nminutes: 5\nsteps: {one: {ask: "80"}}\n').steps
    assert (step.ask, step.until) == ("80", ref("one"))


@pytest.mark.parametrize(
    ("source", "line", "expected", "found"),
    [
        (LEAST + "colour: red\n", 5, "one of acknowledged, carry, ids,", "colour"),
        ("minutes: 5\nsteps: {one: {}}\n", 2, "a title", "None"),
        ("title: T\nsteps: {one: {}}\nminutes: long\n", 4, "a whole number of minutes", "long"),
        ("title: T\nminutes: yes\nsteps: {one: {}}\n", 3, "a whole number of minutes", "True"),
        ("title: T\nminutes: 5\n", 2, "at least one step", "none"),
        ("title: T\nminutes: 5\nsteps: [one]\n", 4, "names and values under 'steps'", "['one']"),
        ("title: T\nminutes: 5\nsteps: {1: {}}\n", 4, "names and values under 'steps'", "{1: {}}"),
        ("- a list\n", 2, "names and values", "['a list']"),
        (LEAST + "images: nginx\n", 5, "a list of strings for 'images'", "nginx"),
        (LEAST + "images: [1]\n", 5, "a list of strings for 'images'", "[1]"),
        (LEAST + "vars:\n  web_port: 22:22\n", 6, "a quoted string for 'web_port'", "1342"),
        (LEAST + "ids:\n  X: container\n", 6, "a step and a key of its evidence for 'X'", "container"),
        (LEAST + "ids:\n  X: one/\n", 6, "a step and a key of its evidence for 'X'", "one/"),
        (LEAST + "ids:\n  X: a/b/c/d\n", 6, "the name of a step, as 'step' or 'lab/step'", "a/b/c"),
        (LEAST + "carry:\n  build: app.py\n", 6, "a list of strings for 'build'", "app.py"),
        (LEAST + "carry: app.py\n", 5, "names and values under 'carry'", "app.py"),
        (LEAST + "secrets:\n  password: 5\n", 6, "a quoted string for 'password'", "5"),
        (LEAST + "ids: TOP\n", 5, "names and values under 'ids'", "TOP"),
        ("title: T\nminutes: 5\nsteps:\n  one: {need: [two]}\n", 5, "only ask, needs, until in step 'one'", "need"),
        ("title: T\nminutes: 5\nsteps:\n  one: {ask: 80}\n", 5, "a quoted answer for 'ask' in step 'one'", "80"),
        ("title: T\nminutes: 5\nsteps:\n  one: {needs: [a/b/c]}\n", 5, "the name of a step", "a/b/c"),
        ("title: T\nminutes: 5\nsteps:\n  one: {until: 5}\n", 5, "the name of a step", "5"),
        ("title: T\nminutes: 5\nsteps:\n  one: {until: /}\n", 5, "the name of a step", "/"),
    ],
)
def test_mistake_is_told_with_its_line_in_the_file(source: str, line: int, expected: str, found: str) -> None:
    """The line counts from the file's first, which is the one with ``---``."""
    error = mistake(source)
    assert error.line == line
    assert f"expected {expected}" in error.says
    assert error.says.endswith(f"found {found}")


def test_yaml_that_cannot_be_read_is_told_with_its_line() -> None:
    """The parser's own word is passed on."""
    error = mistake("title: T\nminutes: [5\nsteps: {}\n")
    assert "front matter in YAML" in error.says
    assert error.line in {3, 4}


@pytest.mark.parametrize("source", ["title: a\x07bell\n", LEAST + "images: [2001-99-99]\n"])
def test_yaml_that_breaks_without_a_mark_is_a_mistake_of_the_lab_too(source: str) -> None:
    """A control character or an impossible date has no mark in PyYAML, and is no traceback here."""
    assert "front matter in YAML" in mistake(source).says


def test_every_mistake_is_told_and_the_rest_is_read() -> None:
    """An author mends them in one go."""
    source = "title: T\nminutes: long\nimages: [nginx]\ncolour: red\nsteps:\n  images: {need: [x]}\n  b: {until: /}\n"
    fields, mistakes = read_front_matter("lab", "lab.md", source)
    assert [error.line for error in mistakes] == [5, 3, 7, 8]
    assert (fields.title, fields.images, [step.ref.step for step in fields.steps]) == ("T", ("nginx",), ["images", "b"])


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("title",), 2),
        (("vars", "b"), 3),
        (("images", "mongo:3.4"), 4),
        (("steps", "images"), 6),
        (("steps", "none"), 1),
        (("Text",), 1),
    ],
)
def test_line_of_a_key_is_found_however_it_is_written(key: tuple[str, ...], line: int) -> None:
    """In braces or on lines of their own, and a step that is named as a key of the whole lab is."""
    text = "---\ntitle: T\nvars: {a: x, b: y}\nimages: [nginx, 'mongo:3.4']\nsteps:\n  images: {}\n---\nText: no key\n"
    assert line_of(text, *key) == line


def test_broken_front_matter_has_no_lines() -> None:
    """So that a mistake that is no YAML can be told all the same."""
    assert line_of("---\ntitle: [\n---\n", "title") == 1
    assert line_of("no front matter", "title") == 1
