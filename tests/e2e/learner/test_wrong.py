"""A learner who gets it wrong: ``check`` says why, ``hint`` repeats it, and what it says to type next leads on."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from labrunner.engine.engine import Engine
from tests.e2e.learner.person import Person, unwrapped
from tests.e2e.near_misses.solution import APP, DOCKERFILE
from tests.e2e.near_misses.strangers import free_port, listens
from tests.e2e.scope.conftest import Client

pytestmark = pytest.mark.engine

LAB, NGINX = "nginx-and-mongo", "nginx-and-mongo/nginx"


@pytest.fixture
def port(person: Person) -> str:
    """The port that the lab nginx-and-mongo gives to nginx."""
    return str(json.loads(person.does("start", LAB, "--json"))["variables"]["web_port"])


@pytest.fixture
def _no_nginx(engine: Engine) -> Iterator[None]:
    """The engine has no image of nginx for a while."""
    client = Client(engine.host)
    client("tag", "nginx:latest", "labrunner-test-kept")
    client("image", "rm", "nginx:latest")
    yield
    client("tag", "labrunner-test-kept", "nginx:latest")
    client("image", "rm", "labrunner-test-kept")


def obeys(person: Person, lab: str, command: str) -> None:
    """Type what a verdict has said to type next."""
    person.types(lab, "\n".join(command.split(", then ")))


def run_nginx(port: str, *more: str) -> str:
    return " ".join(["docker container run --detach --publish", f"{port}:80 --name nginx nginx", *more])


def test_container_that_has_exited_is_quoted_by_its_last_lines(person: Person, port: str) -> None:
    """A traceback's last line alone often says too little."""
    person.types(
        LAB, f"{run_nginx(port)} sh -c 'echo one; echo two; echo three; echo four; exit 3'\ndocker container wait nginx"
    )
    found = person.is_refused(NGINX)
    assert "exited with exit code 3; its log ends: two | three | four" in found["reason"]
    assert found["next"] == "docker container rm nginx, then run it again"


def test_other_port_is_told_with_the_one_that_was_asked_for(person: Person, port: str) -> None:
    other = str(free_port())
    person.types(LAB, run_nginx(other))
    found = person.is_refused(NGINX)
    assert f"port 80 of nginx was to be published as {port}, and it publishes {other}->80" in found["reason"]
    obeys(person, LAB, found["next"])
    assert person.verdicts(NGINX) == {"nginx": "passed"}


@pytest.mark.usefixtures("_no_nginx")
def test_missing_image_is_told_with_what_fetches_it(person: Person) -> None:
    person.does("start", LAB)
    found = person.is_refused(NGINX)
    assert found["verdict"] == "blocked"
    assert found["reason"] == "the image nginx:latest was to be run, and it is not on the engine"
    assert found["next"] == "labrunner images prepare"


def test_file_in_another_folder_is_found(person: Person) -> None:
    """Written in the home itself, or in the folder of another lab."""
    person.does("start", LAB)
    person.does("start", "build-flask-image")
    (person.home / "Dockerfile").write_text(DOCKERFILE)
    (person.home / LAB / "app.py").write_text(APP)
    folder = person.home / "build-flask-image"
    for file, place in (("Dockerfile", person.home), ("app.py", person.home / LAB)):
        found = person.is_refused("build-flask-image/build")
        assert f"{file} is missing in {folder}, and is in {place}" in found["reason"]
        obeys(person, "build-flask-image", found["next"].partition(", then ")[0])
        assert (folder / file).is_file()


@pytest.mark.parametrize("earlier", ["nginx", "ubuntu sleep 600"])
def test_name_that_an_earlier_try_has_is_told_with_its_removal(person: Person, port: str, earlier: str) -> None:
    """One without the port, and one of another image."""
    shown = person.types(LAB, f"docker container run --detach --name nginx {earlier}\n{run_nginx(port)}")
    assert "is already in use" in shown
    found = person.is_refused(NGINX)
    assert found["next"].startswith("docker container rm --force nginx, then docker container run ")
    obeys(person, LAB, found["next"])
    assert person.verdicts(NGINX) == {"nginx": "passed"}


def test_port_of_a_strangers_leaves_a_container_that_solve_takes_out_of_the_way(person: Person, port: str) -> None:
    with listens(int(port)):
        person.types(LAB, run_nginx(port))
        found = person.is_refused(NGINX)
        assert "was to run, and it is created, because " in found["reason"]
        assert "already" in found["reason"]
    said = unwrapped(person.does("solve", NGINX))
    assert "# the container nginx, from an earlier try of yours, was in the way and is removed" in said
    assert person.verdicts(NGINX) == {"nginx": "passed"}


def test_wrong_answer_is_told_with_what_shows_the_right_one(person: Person) -> None:
    person.does("start", LAB)
    found = person.is_refused("nginx-and-mongo/images", "--answer", "443")
    assert "'443' is not what the image says" in found["reason"]
    assert "map[80/tcp" in person.types(LAB, found["next"])


def test_who_is_blocked_is_offered_to_be_brought_there(person: Person) -> None:
    """A hint would be about a step that cannot be done yet."""
    assert person.labrunner("check", f"{LAB}/again").stdout.splitlines()[-1] == f"stuck? labrunner goto {LAB}/again"
