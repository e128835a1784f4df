"""Where coverage is measured: not in processes of which there are many and whose lines other tests cover as well."""

from __future__ import annotations

from collections.abc import Mapping


def unmeasured(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without coverage's own variables: measuring takes a command of labrunner as long again."""
    return {name: value for name, value in environ.items() if not name.startswith("COVERAGE_")}
