"""An exception that nobody foresaw, as an error with a sentence; the details are in a file."""

from __future__ import annotations

import errno
import tempfile
import traceback

from labrunner.model.errors import ToolError


def unforeseen(error: Exception) -> ToolError:
    """What is shown instead of a traceback."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:  # can come from any file
        return ToolError(
            f"{error.filename or 'a file'} was to be written, and that failed: {error.strerror}",
            next="make room on the disk of your home and of the temporary files, then the same command again",
        )
    with tempfile.NamedTemporaryFile("w", prefix="labrunner-error-", suffix=".txt", delete=False) as file:
        traceback.print_exception(error, file=file)
    return ToolError(
        f"labrunner itself broke ({type(error).__name__}: {error}); the details are in {file.name}",
        next="labrunner doctor, and please report it with that file",
    )
