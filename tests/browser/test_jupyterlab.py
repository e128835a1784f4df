"""In JupyterLab a newcomer finds the labs in the launcher, and does one: the notebook beside its terminal."""

from __future__ import annotations

import re
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from labrunner.engine.engine import Engine
from labrunner.runner.keeping import Keeping
from tests.browser.axe import violations
from tests.browser.conftest import Photograph
from tests.browser.jupyter import JupyterLab, jupyterlab
from tests.browser.notebook import Notebook, type_in_terminal
from tests.browser.watching import Watch
from tests.installing import python_with, wheel_in
from tests.unit.processes import waited

pytestmark = [pytest.mark.browser, pytest.mark.engine]

CARDS = "[data-category='Containers course']"
TITLES = [
    "Your first container", "Nginx beside mongo", "Build an image of your own", "Push to a registry", "Deploy a change",
    "Clean up",
]  # fmt: skip


@pytest.fixture(scope="module")
def socket(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another name of the engine's socket, which can be taken away."""
    name = tmp_path_factory.mktemp("engine") / "engine.sock"
    name.symlink_to(engine.host.removeprefix("unix://"))
    return name


@pytest.fixture(scope="module")
def server(socket: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """JupyterLab of this environment; no request of these tests may end in what a handler of ours did not foresee."""
    user = tmp_path_factory.mktemp("user")
    with jupyterlab(Path(sys.executable), user, {"DOCKER_HOST": f"unix://{socket}"}) as running:
        yield running
    # JupyterLab's own handlers may: on a busy host, that of its settings does so now and then.
    assert not re.search(r"Uncaught exception \w+ /labrunner", running.log.read_text(encoding="utf-8"))


@pytest.fixture
def lab(desktop: Page, server: JupyterLab) -> Page:
    """JupyterLab with its launcher, in a workspace of its own."""
    desktop.goto(f"{server.page}&reset")
    expect(card(desktop, TITLES[-1])).to_be_visible()
    return desktop


@pytest.fixture
def from_wheel(tmp_path: Path) -> Path:
    """A Python that has labrunner from its wheel, and Jupyter's own files from the environment of these tests."""
    python = python_with(tmp_path / "env", str(wheel_in(tmp_path)))
    config, apps = Path("etc/jupyter/jupyter_server_config.d"), Path("share/jupyter/lab")
    for file in Path(sys.prefix, config).iterdir():
        if file.name != "labrunner.json":
            shutil.copy(file, tmp_path / "env" / config)
    (tmp_path / "env" / apps).symlink_to(Path(sys.prefix, apps))
    return python


def card(page: Page, title: str) -> Locator:
    return page.locator(CARDS).filter(has_text=title)


def ask(server: JupyterLab, method: str, path: str, token: str) -> HTTPStatus:
    request = urllib.request.Request(f"{server.url}labrunner/{path}", method=method, data=b"{}")  # noqa: S310 - ours
    request.add_header("Authorization", f"token {token}")
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
            return HTTPStatus(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return HTTPStatus(error.code)


def test_launcher_shows_the_labs(lab: Page, photograph: Photograph) -> None:
    assert lab.locator(CARDS).all_inner_texts() == TITLES
    assert card(lab, "Nginx beside mongo").get_attribute("title") == (
        "Nginx beside mongo: 0 of 8 steps passed; takes about 20 minutes"
    )
    assert violations(lab, CARDS) == []
    photograph(lab, "jupyterlab-launcher")


def test_wheel_brings_the_labs_to_the_launcher(from_wheel: Path, desktop: Page, tmp_path: Path) -> None:
    user = tmp_path / "user"
    user.mkdir()
    with jupyterlab(from_wheel, user, {}) as running:
        desktop.goto(running.page)
        expect(desktop.locator(CARDS)).to_have_text(TITLES)
        desktop.close()  # before the server ends, of which it would complain


@pytest.mark.parametrize(("method", "path"), [("GET", "labs"), ("POST", "labs/push")])
def test_stranger_is_refused(server: JupyterLab, method: str, path: str) -> None:
    assert ask(server, method, path, "wrong") is HTTPStatus.FORBIDDEN
    assert not (server.user / "labrunner" / "push").exists()


def test_other_site_opens_nothing(lab: Page, server: JupyterLab, watch: Watch) -> None:
    """The browser sends its cookie along, but knows no XSRF token to send."""
    watch.expect("the server responded with a status of 403")  # Chromium's word for the answer that is wanted
    script = "path => fetch(path, {method: 'POST'}).then(answer => answer.status)"
    assert lab.evaluate(script, f"{server.url}labrunner/labs/push") == HTTPStatus.FORBIDDEN
    assert not (server.user / "labrunner" / "push").exists()


def test_jupyter_notebook_without_a_launcher_is_left_alone(desktop: Page, server: JupyterLab, watch: Watch) -> None:
    watch.expect(r"uncaught: Cannot read properties of undefined \(reading 'schema'\)")  # also without our extension
    desktop.goto(f"{server.url}tree?token={server.token}")
    expect(desktop.get_by_role("tab", name="Files")).to_be_visible()


def test_engine_that_is_gone_is_told(
    lab: Page, socket: Path, server: JupyterLab, watch: Watch, photograph: Photograph
) -> None:
    watch.expect("the server responded with a status of 503")  # Chromium's own word for what the dialog says
    engine = socket.readlink()
    socket.unlink()
    try:
        card(lab, "Push to a registry").click()
        dialog = lab.get_by_role("dialog")
        expect(dialog).to_contain_text("This lab could not be opened")
    finally:
        socket.symlink_to(engine)
    assert "engine.sock" in dialog.inner_text()
    assert "unset DOCKER_HOST, or start the engine" in dialog.inner_text()
    photograph(lab, "jupyterlab-engine-gone")
    assert not (server.user / "labrunner" / "push").exists()
    dialog.get_by_role("button").click()
    expect(card(lab, "Push to a registry")).to_be_visible()


def test_home_that_cannot_be_made_is_told(lab: Page, server: JupyterLab, watch: Watch) -> None:
    watch.expect("the server responded with a status of 503")  # as above
    home = server.user / "labrunner"
    home.write_text("a file is in the way\n", encoding="utf-8")
    try:
        card(lab, "Push to a registry").click()
        dialog = lab.get_by_role("dialog")
        expect(dialog).to_contain_text("the folder of push was to be made in")
    finally:
        home.unlink()


def test_home_that_jupyterlab_cannot_show_is_told(
    desktop: Page, socket: Path, tmp_path: Path, watch: Watch, photograph: Photograph
) -> None:
    """With both folders, and the command that starts JupyterLab where it can; nothing is made."""
    watch.expect("the server responded with a status of 400")  # Chromium's own word for what the dialog says
    user, home = tmp_path / "user", tmp_path / "elsewhere" / "labs"
    user.mkdir()
    with jupyterlab(
        Path(sys.executable), user, {"DOCKER_HOST": f"unix://{socket}", "LABRUNNER_HOME": str(home)}
    ) as running:
        desktop.goto(running.page)
        card(desktop, "Push to a registry").click()
        dialog = desktop.get_by_role("dialog")
        expect(dialog).to_contain_text("This lab could not be opened")
        expect(dialog).to_contain_text(
            f"your home for the labs, {home}, and JupyterLab shows only what is below {user}"
        )
        expect(dialog).to_contain_text(f". Next: jupyter lab --ServerApp.root_dir={home.parent}")
        photograph(desktop, "jupyterlab-home-elsewhere")
        assert not home.exists()
        desktop.close()  # before the server ends, of which it would complain


def test_lab_that_is_no_more_is_told(desktop: Page, server: JupyterLab, watch: Watch, photograph: Photograph) -> None:
    """A page may have been open since another version of the course: here, one that still shows a lab ``posh``."""
    watch.expect("the server responded with a status of 400")  # as above

    def older(route: Route) -> None:
        answer = route.fetch()
        labs = answer.json()["labs"]
        route.fulfill(response=answer, json={"labs": [*labs, {**labs[0], "lab": "posh", "title": "An old lab"}]})

    desktop.route("**/labrunner/labs*", older)
    desktop.goto(f"{server.page}&reset")
    card(desktop, "An old lab").click()
    dialog = desktop.get_by_role("dialog")
    expect(dialog).to_contain_text("there is no lab 'posh'; did you mean push? Next: labrunner list")
    photograph(desktop, "jupyterlab-unknown-lab")
    assert not (server.user / "labrunner" / "posh").exists()
    dialog.get_by_role("button").click()
    expect(card(desktop, "Push to a registry")).to_be_visible()


def test_newcomer_does_a_lab(lab: Page, server: JupyterLab, engine: Engine, photograph: Photograph) -> None:
    """From the launcher to its last step, in cells and in the terminal beside them."""
    card(lab, "Nginx beside mongo").click()
    terminal = lab.locator(".jp-Terminal")
    expect(terminal).to_be_visible()
    notebook = Notebook(lab)
    left, right = notebook.panel.bounding_box(), terminal.bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    expect(lab.locator(CARDS)).to_have_count(0)  # the launcher has given its place to the notebook

    assert "Nginx beside mongo" in notebook.run("%lab nginx-and-mongo").inner_text()
    expect(notebook.run("%check step1", instead="%check step1 --answer 80")).to_contain_text("PASSED")
    red = notebook.run("%check step2")
    expect(red).to_contain_text("FAILED")
    assert violations(lab, ".jp-OutputArea [role=status]") == []
    photograph(lab, "jupyterlab-red")

    home = Keeping(server.user / "labrunner")
    assert waited(lambda: any(each["watched"] for each in home.terminals()))
    type_in_terminal(lab, "docker container run --detach --publish 8080:80 --name nginx nginx")
    assert waited(lambda: any(each.name == "nginx" and each.running for each in engine.containers()))
    green = notebook.run("%check step2")
    expect(green).to_contain_text("PASSED")
    photograph(lab, "jupyterlab-green")

    notebook.run("--name mongo mongo:3.4")
    expect(notebook.run("%check step3")).to_contain_text("PASSED")
    notebook.run("docker container run --detach nginx")
    expect(notebook.run("%check step4")).to_contain_text("PASSED")
    mongo = engine.container("mongo")
    assert mongo is not None
    expect(notebook.run("%check step5", instead=f"%check step5 --answer {mongo.id[:3]}")).to_contain_text("PASSED")
    notebook.run("docker container stop NGINX_ID")
    expect(notebook.run("%check step6")).to_contain_text("PASSED")
    notebook.run("docker container rm --volumes mongo")
    expect(notebook.run("%check step7")).to_contain_text("PASSED")
    notebook.run("docker system prune")
    expect(notebook.run("%check step8")).to_contain_text("PASSED")

    lab.keyboard.press("Control+Shift+L")
    expect(card(lab, "Nginx beside mongo")).to_have_text("Nginx beside mongo (done)")
