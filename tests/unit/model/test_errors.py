"""The errors that a user meets."""

from __future__ import annotations

import pytest

from labrunner.model.errors import LabFileError, LabrunnerError, ToolError, UsageError, unknown


def test_error_reads_as_its_sentence_and_keeps_what_to_do_next() -> None:
    """An error's text is its sentence; the way on is kept apart."""
    error = ToolError("the engine was asked, and it is gone", next="labrunner doctor")
    assert str(error) == error.says == "the engine was asked, and it is gone"
    assert error.next == "labrunner doctor"
    assert LabrunnerError("no way on").next is None


def test_usage_and_tool_errors_are_told_apart() -> None:
    """The two have different exit codes, so neither may be taken for the other."""
    assert not issubclass(UsageError, ToolError)
    assert not issubclass(ToolError, UsageError)
    assert issubclass(LabFileError, ToolError)


def test_mistake_in_a_lab_starts_with_file_and_line() -> None:
    """A lab's author finds the place in the sentence, and again in what to do."""
    error = LabFileError("labs/01-a/lab.md", 7, "a title", "None")
    assert error.says == "labs/01-a/lab.md:7: expected a title, found None"
    assert (error.file, error.line) == ("labs/01-a/lab.md", 7)
    assert error.next == "mend line 7 of labs/01-a/lab.md and try again"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("mogno", "there is no step 'mogno'; did you mean mongo?"),
        ("xyzzy", "there is no step 'xyzzy'; there are nginx, mongo, stop"),
    ],
)
def test_unknown_name_is_answered_with_the_near_ones_or_with_all(asked: str, says: str) -> None:
    """A slip of the finger gets the nearest name, nonsense gets the list."""
    error = unknown("step", asked, iter(["nginx", "mongo", "stop"]), next="labrunner list")
    assert error.says == says
    assert error.next == "labrunner list"
