"""The built site in a browser: read, ticked, saved, searched and printed, from a folder and below a path prefix."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import Photograph
from tests.measuring import unmeasured

pytestmark = pytest.mark.browser

PREFIX = "course/site"
LAB = "labs/02-nginx-and-mongo.html"
STEP = "nginx-and-mongo/nginx"

#: Open all folds, and wait until they are drawn.
UNFOLD = """() => {
  for (const fold of document.querySelectorAll("article details")) fold.open = true;
  return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
}"""

#: What the page needs; Furo lets its text be moved sideways within the window, which is no better.
WIDTH = "Math.max(...['html', '.content'].map((part) => document.querySelector(part).scrollWidth))"

#: One page of each kind; the others differ from these in their words.
KINDS = (
    "index.html",
    "search.html",
    "concepts/namespaces.html",
    "decisions/0005-the-scope.html",
    "howto/workshop.html",
    LAB,
    "reference/commands.html",
    "reference/json.html",
)

#: Follow every link of the site from its first page, as a crawler does; what was read, and what did not answer.
CRAWL = """async (root) => {
  const read = [], broken = [], known = new Set(), waiting = [root + "index.html"];
  for (const address of waiting) {
    const answer = await fetch(address);
    if (!answer.ok) { broken.push(address); continue; }
    read.push(address.slice(root.length));
    if (!address.endsWith(".html")) continue;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const node of page.querySelectorAll("[href], [src]")) {
      const found = new URL(node.getAttribute("href") ?? node.getAttribute("src"), address);
      found.hash = "";
      if (found.origin !== location.origin || known.has(found.href)) continue;
      known.add(found.href);
      if (found.href.startsWith(root)) waiting.push(found.href);
      else broken.push(`${found.href} in ${address} leaves the prefix`);
    }
  }
  return { read, broken };
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once, some folders below what is served."""
    folder = tmp_path_factory.mktemp("served") / PREFIX
    command = [sys.executable, "-m", "labrunner", "site", "build", "--output", str(folder)]
    subprocess.run(command, env=unmeasured(os.environ), check=True)
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing."""

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    """The address of the site below a path prefix, with a slash at its end."""
    top = site.parents[PREFIX.count("/")]
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(top))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{PREFIX}/"
        server.shutdown()


def _pages(site: Path) -> list[str]:
    return sorted(str(file.relative_to(site)) for file in site.rglob("*.html"))


def _bar(page: Page) -> Locator:
    return page.get_by_role("progressbar", name="Progress in Nginx beside mongo", exact=True)


@pytest.fixture(params=["desktop-light", "phone-dark"])
def seen(request: pytest.FixtureRequest) -> tuple[str, Page]:
    """A width with a colour scheme, and an empty page of both."""
    width, scheme = request.param.split("-")
    page: Page = request.getfixturevalue(width)
    page.emulate_media(color_scheme=scheme)
    return request.param, page


def _faults(page: Page, address: str) -> list[str]:
    """The serious violations of a page with its folds open."""
    page.goto(address)
    page.evaluate(UNFOLD)
    return violations(page)


def test_page_of_each_kind_can_be_read_by_everybody(
    seen: tuple[str, Page], served: str, photograph: Photograph
) -> None:
    name, page = seen
    for kind in KINDS:
        assert _faults(page, served + kind) == [], kind
        if kind in {"index.html", LAB}:
            photograph(page, f"site-{Path(kind).stem}-{name}")


@pytest.mark.slow
def test_every_page_can_be_read_by_everybody(seen: tuple[str, Page], site: Path, served: str) -> None:
    _, page = seen
    assert {name: faults for name in _pages(site) if (faults := _faults(page, served + name))} == {}


def test_no_page_has_to_be_moved_sideways(page: Page, site: Path, served: str) -> None:
    """At either width, with the folds open."""
    screen = page.viewport_size
    assert screen is not None
    needs = {}
    for name in _pages(site):
        page.goto(served + name)
        page.evaluate(UNFOLD)
        needs[name] = page.evaluate(WIDTH)
    assert {name: width for name, width in needs.items() if width > screen["width"]} == {}


def test_long_command_is_moved_within_its_block(phone: Page, served: str) -> None:
    phone.goto(served + LAB)
    command = phone.locator("pre", has_text="docker container run --detach --publish 8081").first
    assert command.evaluate("(block) => { block.scrollLeft = 50; return block.scrollLeft; }") > 0


def test_ticked_step_stays_ticked(page: Page, served: str) -> None:
    page.goto(served + LAB)
    page.get_by_label("Step 2 is done").check()
    page.reload()
    expect(page.get_by_label("Step 2 is done")).to_be_checked()
    expect(page.get_by_label("Step 3 is done")).not_to_be_checked()
    expect(page.get_by_label("Steps").get_by_role("link", name="Run nginx (done)", exact=True)).to_be_visible()
    page.goto(served)
    expect(_bar(page)).to_have_js_property("value", 1)
    expect(page.get_by_role("listitem").filter(has=_bar(page))).to_contain_text("1 of 8 steps")


def test_progress_is_taken_along_in_a_file(desktop: Page, served: str, tmp_path: Path) -> None:
    desktop.goto(served + LAB)
    desktop.get_by_label("Step 2 is done").check()
    desktop.goto(served)
    with desktop.expect_download() as download:
        desktop.get_by_role("button", name="Save progress to a file").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    assert json.loads(saved.read_text(encoding="utf-8")) == {"labrunner": 1, "done": [STEP]}

    desktop.evaluate("localStorage.clear()")
    desktop.reload()
    expect(_bar(desktop)).to_have_js_property("value", 0)
    other = tmp_path / "other.json"
    other.write_text('{"done": "all"}', encoding="utf-8")
    for file, says, value in ((other, "nothing was changed", 0), (saved, "1 steps are ticked", 1)):
        with desktop.expect_file_chooser() as chooser:
            desktop.get_by_role("button", name="Load progress from a file").click()
        chooser.value.set_files(file)
        expect(desktop.get_by_role("status")).to_contain_text(says)
        expect(_bar(desktop)).to_have_js_property("value", value)
    desktop.goto(served + LAB)
    expect(desktop.get_by_label("Step 2 is done")).to_be_checked()


def test_own_port_is_in_the_commands_and_is_copied(desktop: Page, served: str) -> None:
    desktop.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desktop.goto(served + LAB)
    desktop.get_by_label("web port").fill("9090")
    desktop.get_by_label("NGINX_ID").fill("d67")
    desktop.reload()  # what is written is kept
    step = desktop.locator("#nginx-and-mongo-nginx")
    step.get_by_role("button", name="Copy").first.click()
    typed = "docker container run --detach --publish 9090:80 --name nginx nginx"
    assert desktop.evaluate("navigator.clipboard.readText()") == typed
    expect(step.get_by_role("link", name="http://localhost:9090")).to_have_attribute("href", "http://localhost:9090")
    expect(desktop.locator("pre", has_text="docker container stop").first).to_contain_text("stop d67 mongo AGAIN_ID")
    assert "8080" not in desktop.locator("article pre", has_text="docker container run").first.inner_text()


@pytest.mark.parametrize("way", ["folder", "prefix"])
def test_search_finds_a_lab(way: str, desktop: Page, site: Path, served: str) -> None:
    desktop.goto((f"{site.as_uri()}/" if way == "folder" else served) + "howto/workshop.html")
    desktop.get_by_role("textbox", name="Search").fill("anonymous volumes")
    desktop.get_by_role("textbox", name="Search").press("Enter")
    expect(desktop.get_by_text("Search finished")).to_be_visible()
    desktop.wait_for_load_state("networkidle")
    desktop.locator("#search-results").get_by_role("link", name="Nginx beside mongo").click()
    expect(desktop.get_by_role("heading", level=1)).to_contain_text("Nginx beside mongo")


def test_every_link_answers_below_the_prefix(desktop: Page, site: Path, served: str) -> None:
    desktop.goto(served)
    found = desktop.evaluate(CRAWL, served)
    assert found["broken"] == []
    assert set(_pages(site)) <= set(found["read"])


def test_print_has_the_folds_open(desktop: Page, served: str) -> None:
    desktop.goto(served + LAB)
    folded = "document.querySelectorAll('details:not([open])').length"
    before = desktop.evaluate(folded)
    desktop.evaluate(f"addEventListener('beforeprint', () => {{ globalThis.printed = {folded}; }})")
    desktop.pdf()
    assert before > 0
    assert desktop.evaluate("globalThis.printed") == 0
    assert desktop.evaluate(folded) == before
