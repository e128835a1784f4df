"""A lab removes what it made, and nothing of others, whatever it types."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.ledger import CALL_LABEL, Ledger
from tests.e2e.scope.conftest import PREFIX, Client, State

pytestmark = pytest.mark.engine

#: A debian client that speaks BuildKit to the engine by itself.
BUILDKIT = Path("/usr/bin/docker")


@pytest.mark.usefixtures("strangers")
@pytest.mark.parametrize(
    "words",
    [
        "container rm --force {}running",
        "container rm {}stopped",
        "container stop --time 0 {}rm",
        "container kill {}running",
        "container restart --time 0 {}running",
        "container pause {}running",
        "container rename {}running {}mine",
        "container update --memory 64m {}running",
        "image rm {}image",
        "image rm --force {}image:second",
        "image rm --force ubuntu",
        "volume rm {}volume",
        "network rm {}network",
        "tag ubuntu {}image",
        "swarm init",
    ],
)
def test_strangers_things_are_refused_with_the_way_out(lab: Client, words: str) -> None:
    """One sentence that names the object and ``labrunner shell --no-scope``."""
    said = lab.refused(*words.format(PREFIX, PREFIX).split())
    assert "labrunner shell --no-scope" in said
    assert "Traceback" not in said


@pytest.mark.usefixtures("strangers")
def test_build_does_not_take_a_strangers_name(lab: Client) -> None:
    said = lab.refused("build", "-t", f"{PREFIX}image", "-", given=b"FROM ubuntu\n")
    assert f"{PREFIX}image:latest names an image that was not made in this lab" in said


def test_build_that_fails_leaves_no_container(lab: Client, engine: Engine) -> None:
    """It would have no label, so nothing that a learner types would ever remove it."""
    lab.refused("build", "-", given=b"FROM ubuntu\nRUN false labrunner-test-failing\n")
    rows = engine.api.json("GET", "/containers/json", all="1")
    assert [row["Command"] for row in rows if "labrunner-test-failing" in row["Command"]] == []


def make_everything(lab: Client) -> None:
    """One of each kind, a dangling image, and what a build leaves that fails."""
    lab("container", "run", "--name", f"{PREFIX}lab-stopped", "--volume", "/data", "ubuntu", "true")
    lab(
        "container",
        "run",
        "--detach",
        "--name",
        f"{PREFIX}lab-running",
        "-v",
        f"{PREFIX}lab-named:/d",
        "ubuntu",
        "top",
        "-b",
    )
    lab("volume", "create", f"{PREFIX}lab-volume")
    lab("network", "create", f"{PREFIX}lab-network")
    for content in ("three", "four"):
        lab("build", "-t", f"{PREFIX}lab-image", "-", given=f"FROM ubuntu\nRUN echo {content} > /x\n".encode())
    lab.refused("build", "-", given=b"FROM ubuntu\nRUN echo five > /x\nRUN false\n")
    lab("tag", "ubuntu", f"{PREFIX}lab-name")


def commit(lab: Client) -> None:
    """An image of a container; Podman 4.3 does not understand this call of Docker's client 28."""
    lab("container", "commit", f"{PREFIX}lab-stopped", f"{PREFIX}lab-commit")


@pytest.mark.parametrize("program", ["docker", str(BUILDKIT)], ids=["classic", "buildkit"])
def test_prune_of_everything_takes_the_labs_own(
    scope: str, engine: Engine, ledger: Ledger, strangers: State, program: str
) -> None:
    """``system prune --all --force --volumes`` leaves the engine as the lab found it, but for what is in use."""
    if not Path(program).exists() and program != "docker":
        pytest.skip(f"there is no {program} here, whose BuildKit needs no plugin; type: apt-get install docker.io")
    lab = Client(scope, program, "1" if program != "docker" else "0")
    make_everything(lab)
    commit(lab)
    lab("container", "rm", "--force", f"{PREFIX}lab-running")
    lab("system", "prune", "--all", "--force", "--volumes")
    lab("image", "rm", f"{PREFIX}lab-name")  # a further name of a stranger's image is no image of the lab's
    assert State.take(engine) == strangers
    assert ledger.made() == ()


@pytest.mark.usefixtures("strangers")
def test_sweep_takes_what_is_left(lab: Client, ledger: Ledger) -> None:
    """Running containers and named volumes too; the fixture looks at what is left."""
    make_everything(lab)
    commit(lab)
    assert {made.kind for made in ledger.made()} == {"container", "image", "volume", "network"}
    assert {made.lab for made in ledger.made()} == {"push"}


def test_name_that_somebody_gave_to_another_image_still_leaves_no_volume(
    lab: Client, stranger: Client, ledger: Ledger, engine: Engine, strangers: State
) -> None:
    """The scope remembers what volumes an image declares; here the remembered image is not the one that is used."""
    name = f"{PREFIX}moved"
    stranger("build", "-t", name, "-", given=b"FROM ubuntu\nLABEL moved=no\n")
    lab("container", "create", name)
    stranger("build", "-t", name, "-", given=b"FROM ubuntu\nLABEL moved=yes\nVOLUME /much\n")
    lab("container", "create", name)
    for _ in range(100):  # recorded when the client has its answer already
        if any(made.kind == "volume" for made in ledger.made()):
            break
        time.sleep(0.05)
    assert len(engine.volumes() - strangers.volumes) == 1
    assert ledger.sweep() == ()
    assert engine.volumes() == strangers.volumes
    stranger("image", "rm", name)
    stranger("image", "prune", "--force", "--filter", "label=moved=no")


def test_container_whose_scope_was_killed_is_swept(
    stranger: Client, ledger: Ledger, strangers: State, engine: Engine
) -> None:
    """Its call is all that the ledger has; a younger container that has its labels from an image is a stranger's."""
    call = ledger.ask("/home", "push")
    made = stranger("container", "create", "--label", f"{CALL_LABEL}={call.name}", "ubuntu")
    stranger("container", "commit", made, f"{PREFIX}heir")
    time.sleep(1)  # the engine tells a container's age in whole seconds
    stranger("container", "create", "--name", f"{PREFIX}heir", f"{PREFIX}heir")
    assert ledger.sweep("/home") == ()
    assert engine.container(made) is None
    assert engine.container(f"{PREFIX}heir") is not None
    stranger("container", "rm", f"{PREFIX}heir")
    stranger("image", "rm", f"{PREFIX}heir")
    assert State.take(engine) == strangers


def test_every_prune_alone_is_limited(lab: Client, engine: Engine, strangers: State) -> None:
    """Each kind's own prune, as a learner may type it; the build cache has no owner, so nothing of it goes."""
    make_everything(lab)
    lab("container", "rm", "--force", f"{PREFIX}lab-running")
    cache = engine.api.json("GET", "/system/df")["BuildCache"]
    for words in ("container prune", "network prune", "volume prune", "image prune", "builder prune --all"):
        lab(*words.split(), "--force")
    assert len(engine.api.json("GET", "/system/df")["BuildCache"] or ()) == len(cache or ())
    now = State.take(engine)
    assert now.containers == strangers.containers
    assert now.networks == strangers.networks
    assert strangers.volumes == now.volumes
    assert engine.image(f"{PREFIX}lab-image") is not None


def test_labels_alone_give_no_right(lab: Client, stranger: Client, strangers: State) -> None:
    """A stranger's container of a lab's image has the labels of that image, and is the stranger's."""
    assert strangers.containers
    lab("container", "run", "--name", f"{PREFIX}lab-stopped", "ubuntu", "true")
    lab("container", "commit", f"{PREFIX}lab-stopped", f"{PREFIX}lab-commit")
    stranger("container", "run", "--name", f"{PREFIX}heir", f"{PREFIX}lab-commit", "true")
    try:
        lab("system", "prune", "--all", "--force")
        assert "was not made in this lab" in lab.refused("container", "rm", f"{PREFIX}heir")
        assert "was not made in this lab" in lab.refused("image", "rm", "--force", f"{PREFIX}lab-commit")
    finally:
        stranger("container", "rm", f"{PREFIX}heir")


def test_loaded_archive_gives_strangers_names_back(
    lab: Client, stranger: Client, engine: Engine, ledger: Ledger, tmp_path: Path, strangers: State
) -> None:
    """An archive that would move a stranger's name says so, and the name stays."""
    assert strangers.images.names
    archive = tmp_path / "image.tar"
    lab("build", "-t", f"{PREFIX}lab-image", "-", given=b"FROM ubuntu\nRUN echo five > /x\n")
    stranger("tag", f"{PREFIX}lab-image", f"{PREFIX}image")
    stranger("save", "-o", str(archive), f"{PREFIX}image")
    stranger("tag", f"{PREFIX}image:second", f"{PREFIX}image")
    said = lab.refused("load", "-i", str(archive))
    assert "and does so again" in said
    assert State.take(engine).images.names[f"{PREFIX}image:latest"] == strangers.images.names[f"{PREFIX}image:latest"]
    assert ledger.made()


def test_volume_that_came_back_is_a_strangers(lab: Client, stranger: Client) -> None:
    """A name alone gives no right."""
    lab("volume", "create", f"{PREFIX}lab-volume")
    stranger("volume", "rm", f"{PREFIX}lab-volume")
    stranger("volume", "create", f"{PREFIX}lab-volume")
    try:
        assert "was not made in this lab" in lab.refused("volume", "rm", f"{PREFIX}lab-volume")
    finally:
        stranger("volume", "rm", f"{PREFIX}lab-volume")


def test_image_on_a_strangers_nameless_one_goes_alone(lab: Client, engine: Engine, strangers: State) -> None:
    """The engine would take its parents along, which are the stranger's: the lab's build found them in the cache."""
    lab("build", "-t", f"{PREFIX}lab-image", "-", given=b"FROM ubuntu\nLABEL labrunner-test=1\nRUN echo one > /x\n")
    lab("image", "rm", f"{PREFIX}lab-image")
    assert State.take(engine) == strangers
