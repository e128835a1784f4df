"""The process's entry: the slow part of a check begins before anything else is imported.

The check host takes 150 ms to import pytest. Meanwhile, on the second core, this process imports click and reads labs.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:  # --help has 100 ms, and needs none of it
    from labrunner.verify.process import CheckHost


def main() -> NoReturn:
    """Run the command line; the process's exit code says how it went."""
    arguments = sys.argv[1:]
    host = _early_host() if arguments[:1] == ["check"] else None
    from labrunner.cli.main import run  # noqa: PLC0415 - after the host has been started

    sys.exit(run(arguments, host))


def _early_host() -> CheckHost | None:
    """A check host; it ends by itself with this process, should the command line be wrong."""
    from labrunner.content.locate import course_folder  # noqa: PLC0415 - as above
    from labrunner.model.errors import ToolError  # noqa: PLC0415
    from labrunner.verify.process import CheckHost  # noqa: PLC0415

    with suppress(ToolError):  # the command itself meets it again, and says it
        return CheckHost(course_folder("checks"))
    return None
