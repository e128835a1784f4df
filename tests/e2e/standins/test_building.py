"""A stand-in is built where nothing else is there, and never takes an existing tag."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from labrunner.engine.stock import Obtained, Progress, missing, obtain
from labrunner.model.errors import ToolError
from tests.e2e.standins.helping import MINE, nobody, quiet, tiny_image, until

pytestmark = pytest.mark.engine


def test_a_missing_image_is_built_and_then_present(
    stocked: docker.DockerClient, recipes: Path, forget: Callable[[str], str]
) -> None:
    told: list[Progress] = []

    def again() -> tuple[Obtained, ...]:
        return obtain(stocked, [MINE], recipes=recipes, offline=True, consent=nobody, progress=told.append)

    forget(MINE)
    assert again() == (Obtained(MINE, "built", stand_in=True),)
    assert [(progress.doing, progress.done) for progress in told] == [
        ("build step 1/3", 0.0),
        ("build step 2/3", 1 / 3),
        ("build step 3/3", 2 / 3),
        ("built", 1.0),
    ]
    assert again() == (Obtained(MINE, "present", stand_in=True),)


def test_an_existing_tag_is_never_replaced(
    stocked: docker.DockerClient, recipes: Path, forget: Callable[[str], str]
) -> None:
    theirs = tiny_image(stocked, forget(MINE))
    got = obtain(stocked, [MINE], recipes=recipes, offline=True, consent=nobody, progress=quiet)
    assert got == (Obtained(MINE, "present", stand_in=False),)
    assert stocked.images.get(MINE).id == theirs


def test_a_tag_that_comes_up_during_the_build_is_not_replaced_either(
    stocked: docker.DockerClient, recipes: Path, forget: Callable[[str], str]
) -> None:
    theirs: list[str] = []

    def meanwhile(progress: Progress) -> None:
        if progress.doing == "build step 3/3":
            theirs.append(tiny_image(stocked, forget(MINE)))

    got = obtain(stocked, [MINE], recipes=recipes, offline=True, consent=nobody, progress=meanwhile)
    assert got == (Obtained(MINE, "present", stand_in=False),)
    assert [stocked.images.get(MINE).id] == theirs


def test_a_twin_that_somebody_else_built_meanwhile_is_left_alone(
    stocked: docker.DockerClient, recipes: Path, forget: Callable[[str], str]
) -> None:
    obtain(stocked, [MINE], recipes=recipes, offline=True, consent=nobody, progress=quiet)
    twin = stocked.images.get(forget(MINE)).id
    stocked.api.tag(MINE, "labrunner-test/twin", "1")
    stocked.api.remove_image(MINE)

    def meanwhile(progress: Progress) -> None:
        if progress.doing == "build step 3/3":  # from the cache: the build gives the very same image
            stocked.api.tag("labrunner-test/twin:1", "labrunner-test/thing", "1")
            stocked.api.remove_image("labrunner-test/twin:1")

    got = obtain(stocked, [MINE], recipes=recipes, offline=True, consent=nobody, progress=meanwhile)
    assert got == (Obtained(MINE, "present", stand_in=True),)
    assert stocked.images.get(MINE).id == twin


INTERRUPTED = """\
import sys, docker
from pathlib import Path
from labrunner.engine.stock import obtain
obtain(docker.from_env(), [sys.argv[1]], recipes=Path(sys.argv[2]), offline=True,
       consent=lambda _: False, progress=lambda told: print(told.doing, flush=True))
"""


def test_an_interrupt_ends_it_at_once_and_leaves_nothing_running(stocked: docker.DockerClient, recipes: Path) -> None:
    with (recipes / "thing" / "Dockerfile").open("a") as file:
        file.write("RUN sleep 61.7\n")
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, MINE, str(recipes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "build step 4/4\n" in process.stdout  # reads up to that line
    assert until(lambda: sleeping(stocked))
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert "KeyboardInterrupt" in errors
    assert time.monotonic() - begun < 10
    assert until(lambda: not sleeping(stocked))
    assert missing(stocked, [MINE]) == (MINE,)


def sleeping(client: docker.DockerClient) -> bool:
    """Whether the step that takes a minute runs."""
    return any("sleep 61.7" in row["Command"] for row in client.api.containers())


def test_a_build_that_fails_is_a_sentence_and_leaves_no_tag(stocked: docker.DockerClient, recipes: Path) -> None:
    with (recipes / "thing" / "Dockerfile").open("a") as file:
        file.write("RUN echo E: that was nothing >&2 && false\n")
    with pytest.raises(ToolError) as raised:
        obtain(stocked, [MINE], recipes=recipes, offline=True, consent=nobody, progress=quiet)
    assert raised.value.says == f"{MINE} was to be built, and step 4/4 failed: E: that was nothing"
    assert missing(stocked, [MINE]) == (MINE,)
