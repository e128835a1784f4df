"""What the tests in a browser share: Debian's Chromium, pages of a phone's and a desk's width, pictures of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.browser.watching import Watch
from tests.e2e.conftest import engine  # noqa: F401 - a fixture

_PICTURES = Path(__file__).parents[2] / "build" / "screenshots"
#: No name but the loopback's is ever resolved, so nothing that the browser does by itself leaves this host.
_ARGUMENTS = [
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--disable-component-update",
]

Photograph = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium, anew for each file of tests: Playwright's event loop would be in the way of others' in this process."""
    command = shutil.which("chromium")
    if command is None:
        says = "these tests need Chromium; type: scripts/prepare-host chromium"
        if os.environ.get("CI"):
            pytest.fail(says, pytrace=False)
        pytest.skip(says)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=command,
            args=_ARGUMENTS,
            chromium_sandbox=os.getuid() != 0,  # root cannot have it
        )
        yield browser
        browser.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Listens to all pages of a test, which fails where one complains, or asks another host."""
    listening = Watch()
    yield listening
    assert listening.complaints == []


@pytest.fixture
def desktop(chromium: Browser, watch: Watch) -> Iterator[Page]:
    """An empty page of a desk's width."""
    with chromium.new_context(viewport=ViewportSize(width=1280, height=800)) as context:
        page = context.new_page()
        watch.listen(page)
        yield page


@pytest.fixture
def phone(chromium: Browser, watch: Watch) -> Iterator[Page]:
    """An empty page of a phone's width, to be touched."""
    size = ViewportSize(width=390, height=844)
    with chromium.new_context(viewport=size, is_mobile=True, has_touch=True, device_scale_factor=2) as context:
        page = context.new_page()
        watch.listen(page)
        yield page


@pytest.fixture(params=["phone", "desktop"])
def page(request: pytest.FixtureRequest) -> Page:
    """An empty page: the test is done twice, at either width."""
    found: Page = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def photograph() -> Photograph:
    """Keep a picture of a page by this name, to be looked at: in LABRUNNER_SCREENSHOTS, else build/screenshots."""
    folder = Path(os.environ.get("LABRUNNER_SCREENSHOTS") or _PICTURES)

    def taken(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png", full_page=True)

    return taken
