"""A lab's notebook in JupyterLab, and the terminal beside it, as a learner uses them."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

#: Milliseconds that a cell may take on a busy host.
_PATIENCE = 60_000
_DONE = re.compile(r"^\[\d+\]:$")


class Notebook:
    """The notebook that a page shows."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.panel = page.locator(".jp-NotebookPanel")
        # A cell that is run while JupyterLab still connects to the kernel may be left undone.
        expect(page.get_by_text("| Idle")).to_be_visible(timeout=_PATIENCE)

    def run(self, words: str, *, instead: str | None = None) -> Locator:
        """Run the cell in which these words stand, or after typing something ``instead``; what it shows."""
        source = self._page.locator(".cm-content", has_text=words)
        cell = self.panel.locator(".jp-CodeCell").filter(has=source)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        cell.locator(".cm-content").click()
        expect(cell.locator(".cm-content")).to_be_focused()
        if instead is not None:
            cell = self._focused()  # its words change
            prompt = cell.locator(".jp-InputPrompt")
            self._page.keyboard.press("Control+A")
            self._page.keyboard.type(instead)
        self._page.keyboard.press("Control+Enter")
        expect(prompt).not_to_have_text(before, timeout=_PATIENCE)
        expect(prompt).to_have_text(_DONE, timeout=_PATIENCE)
        return cell.locator(".jp-OutputArea")

    def _focused(self) -> Locator:
        """The cell that is worked in, told by its place."""
        cells = self.panel.locator(".jp-Cell")
        place = cells.evaluate_all("all => all.findIndex(cell => cell.contains(document.activeElement))")
        return cells.nth(place)


def type_in_terminal(page: Page, line: str) -> None:
    """Type a line into the terminal that the page shows."""
    page.locator(".jp-Terminal .xterm").click()
    page.keyboard.type(line)
    page.keyboard.press("Enter")
