"""Wrapped words, unbroken commands, colours that take no room."""

from __future__ import annotations

from labrunner.report.screen import Colour, Screen, length

COMMAND = "docker container run --detach --publish 8080:80 --name nginx nginx"


def test_words_are_wrapped_below_the_head() -> None:
    assert Screen(20).wrapped("one two three four five", "why: ") == "why: one two three\n     four five"
    assert Screen(20).wrapped("one two three four five", "why: ", indent=2) == "why: one two three\n  four five"


def test_command_between_backquotes_is_never_broken() -> None:
    lines = Screen(30).wrapped(f"so type `{COMMAND}` and look").split("\n")
    assert lines == ["so type", f"`{COMMAND}`", "and look"]


def test_word_that_does_not_fit_behind_the_head_begins_a_line() -> None:
    assert Screen(20).wrapped("/a/rather/long/path", "the home is ", indent=2) == "the home is\n  /a/rather/long/path"
    assert Screen(10).wrapped("unbreakable-word", "  ") == "  unbreakable-word"


def test_command_stands_alone_where_it_does_not_fit() -> None:
    assert Screen(80).command(COMMAND, "next: ") == f"next: {COMMAND}"
    assert Screen(40).command(COMMAND, "    next: ") == f"    next:\n{COMMAND}"


def test_colours_take_no_columns() -> None:
    screen = Screen(12, colours=True)
    red = screen.paint("FAILED", Colour.RED)
    assert length(red) == 6
    assert screen.wrapped("it is", f"{red} ") == f"{red} it is"
    assert Screen(12).paint("FAILED", Colour.RED) == "FAILED"
