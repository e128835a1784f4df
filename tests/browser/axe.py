"""Judge a page's accessibility with axe-core, whose source is in the wheel of axe-playwright-python."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # it has no types
from playwright.sync_api import Page

_GRAVE = {"serious", "critical"}


def violations(page: Page, within: str | None = None) -> list[str]:
    """The serious and critical violations of a page, or of what a CSS selector finds in it; one line for each element.

    The rules: https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md
    """
    found: list[dict[str, Any]] = Axe().run(page, within).response["violations"]
    return [_line(rule, node) for rule in found if rule["impact"] in _GRAVE for node in rule["nodes"]]


def _line(rule: dict[str, Any], node: dict[str, Any]) -> str:
    where = " ".join(str(part) for part in node["target"])
    why = " ".join(str(node["failureSummary"]).split())
    return f"{rule['impact']} {rule['id']} at {where}: {why}"
