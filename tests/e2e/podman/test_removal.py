"""On Podman, which cannot be asked to spare an image's parents, a lab removes its own images and no others."""

from __future__ import annotations

import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.ledger import Ledger
from tests.e2e.scope.conftest import PREFIX, Client, State
from tests.e2e.scope.test_removal import make_everything

pytestmark = pytest.mark.engine

#: The strangers' image without a name, on which the cache puts what a lab builds.
NAMELESS = b"FROM ubuntu\nLABEL labrunner-test=1\nRUN echo one > /x\n"


def test_image_on_a_strangers_nameless_one_goes_with_its_own_parents_only(
    lab: Client, engine: Engine, ledger: Ledger, strangers: State
) -> None:
    """Podman would take the stranger's along, which has neither a name nor another child."""
    lab("build", "-t", f"{PREFIX}lab-image", "-", given=NAMELESS + b"RUN echo three > /y\nRUN echo four > /z\n")
    below, parents = engine.api.json("GET", f"/images/{PREFIX}lab-image/json")["Id"], engine.parents()
    while below not in strangers.images.images:
        below = parents[below]
    assert below not in strangers.images.names.values()
    lab("image", "rm", f"{PREFIX}lab-image")
    assert State.take(engine) == strangers
    assert ledger.made() == ()


@pytest.mark.slow
def test_prune_of_everything_takes_the_labs_own(lab: Client, engine: Engine, ledger: Ledger, strangers: State) -> None:
    """Named images and what they were built on, named and anonymous volumes, and what a failed build leaves."""
    make_everything(lab)
    lab("build", "-t", f"{PREFIX}lab-on-strangers", "-", given=NAMELESS + b"RUN echo three > /y\n")
    lab("container", "rm", "--force", f"{PREFIX}lab-running")
    lab("system", "prune", "--all", "--force", "--volumes")
    lab("image", "rm", f"{PREFIX}lab-name")  # a further name of a stranger's image is no image of the lab's
    assert State.take(engine) == strangers
    assert ledger.made() == ()
