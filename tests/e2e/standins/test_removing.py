"""Removal, on an engine of its own: on this host's one, stand-ins may be in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.engine.standin import BASE, LABEL
from labrunner.engine.stock import Progress, Removal, obtain, remove_stand_ins, stand_ins
from labrunner.model.errors import ToolError
from tests.e2e.spare import Spare
from tests.e2e.standins.helping import MINE, nobody, quiet, tiny_image

pytestmark = pytest.mark.engine


def test_removal_takes_stand_ins_and_base_and_nothing_else(spare: Spare, recipes: Path) -> None:
    engine = spare.client
    base = tiny_image(engine, BASE, f"LABEL {LABEL}={BASE}")
    tiny_image(engine, "nginx:latest", f"LABEL {LABEL}=nginx:latest")
    tiny_image(engine, "ubuntu:latest")  # the hub's own
    (recipes / "thing" / "Dockerfile").write_text(f'FROM {BASE}\nLABEL {LABEL}="{MINE}"\nCMD ["x"]\n')
    obtain(engine, [MINE], recipes=recipes, offline=True, consent=nobody, progress=quiet)
    engine.api.tag(MINE, "learner/app", "1")  # what a learner built on it bears the same label
    assert stand_ins(engine) == (MINE, "nginx:latest")

    holder = engine.api.create_container("nginx:latest", ["x"], name="web")
    assert remove_stand_ins(engine) == (
        Removal(MINE, removed=True),
        Removal("nginx:latest", removed=False, used_by=("web",)),
        Removal(BASE, removed=True),
    )
    assert stand_ins(engine) == ("nginx:latest",)
    engine.api.remove_container(holder["Id"])
    assert remove_stand_ins(engine) == (Removal("nginx:latest", removed=True),)
    assert remove_stand_ins(engine) == ()
    assert {tag for image in engine.images.list() for tag in image.tags} == {"ubuntu:latest", "learner/app:1"}
    engine.api.remove_image("learner/app:1")
    assert base not in {image.id for image in engine.images.list(all=True)}


def test_an_engine_that_ends_in_the_middle_is_a_sentence(spare: Spare, recipes: Path) -> None:
    tiny_image(spare.client, BASE, f"LABEL {LABEL}={BASE}")

    def end(_: Progress) -> None:
        spare.process.kill()
        spare.process.wait()

    (recipes / "thing" / "Dockerfile").write_text(f'FROM {BASE}\nLABEL {LABEL}="{MINE}"\nCMD ["x"]\n')
    with pytest.raises(ToolError, match="the engine was asked for images, and it failed") as raised:
        obtain(spare.client, [MINE], recipes=recipes, offline=True, consent=nobody, progress=end)
    assert raised.value.next == "labrunner doctor"
