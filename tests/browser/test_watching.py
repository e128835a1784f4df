"""The tests in a browser hear what a page complains of, and see what a reader cannot use."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.watching import Watch

pytestmark = pytest.mark.browser

GOOD = (
    "<!doctype html><html lang=en><title>a page</title>"
    "<main><h1>Hello</h1><img id=picture alt='a cat' src='data:,'></main>"
)


@pytest.fixture
def own(page: Page) -> Watch:
    """Listens to the page beside the test's own."""
    listening = Watch()
    listening.listen(page)
    return listening


def test_good_page_has_no_fault(page: Page, own: Watch) -> None:
    page.set_content(GOOD)
    assert violations(page) == []
    assert own.complaints == []


def test_picture_without_words_is_a_violation(page: Page) -> None:
    page.set_content(GOOD.replace("alt='a cat'", ""))
    assert [line.partition(":")[0] for line in violations(page)] == ["critical image-alt at #picture"]
    assert violations(page, "h1") == []


@pytest.mark.parametrize(
    ("script", "heard"),
    [
        ("console.error('a mistake')", "console: a mistake"),
        ("throw new Error('unforeseen')", "uncaught: unforeseen"),
        ("fetch('http://labrunner.invalid/').catch(() => 0)", "another host: http://labrunner.invalid/"),
    ],
)
def test_complaint_is_heard(desktop: Page, watch: Watch, script: str, heard: str) -> None:
    with desktop.expect_event("requestfailed") if "fetch" in script else desktop.expect_event("load"):
        desktop.set_content(GOOD + f"<script>{script}</script>")
    assert any(said.startswith(heard) for said in watch.complaints)
    watch.expect("a mistake|unforeseen|labrunner.invalid|ERR_NAME_NOT_RESOLVED")
    assert watch.complaints == []
