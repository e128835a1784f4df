"""The errors a user meets: one sentence that says what was asked, what was found, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable


class LabrunnerError(Exception):
    """Any failure that labrunner explains.

    ``says`` is lower-case and without a final period; ``next`` is the command or act that leads on.
    """

    def __init__(self, says: str, *, next: str | None = None) -> None:  # noqa: A002 - the word of the JSON output
        super().__init__(says)
        self.says = says
        self.next = next


class UsageError(LabrunnerError):
    """What was asked for does not exist or does not fit: exit code 2."""


class ToolError(LabrunnerError):
    """The tool, the engine or the host broke, never the learner's work: exit code 3."""


class LabFileError(ToolError):
    """A lab's text has a mistake; ``says`` starts with its file and line."""

    def __init__(self, file: str, line: int, expected: str, found: str) -> None:
        super().__init__(
            f"{file}:{line}: expected {expected}, found {found}", next=f"mend line {line} of {file} and try again"
        )
        self.file = file
        self.line = line


def unknown(kind: str, name: str, known: Iterable[str], *, next: str) -> UsageError:  # noqa: A002 - as above
    """An error for a name nobody knows, which offers the nearest ones that exist."""
    import difflib  # noqa: PLC0415 - only for a name that nobody knows

    names = list(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    offer = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
    return UsageError(f"there is no {kind} {name!r}; {offer}", next=next)
