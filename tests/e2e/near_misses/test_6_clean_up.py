"""The lab clean-up: what its checks refuse, and what they accept, with others' things on the same engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.near_misses.learner import Learner
from tests.e2e.near_misses.solution import SOLUTION, comes_to, count_running, does, name_of, remove_nameless, the_three

pytestmark = pytest.mark.engine

STRANGER = "labrunner-test-stranger"
ALL_BEFORE = [step for step in SOLUTION if not step.startswith("clean-up/")]


@pytest.fixture
def hasty(tmp_path: Path) -> Path:
    """Another home, of the same learner in more haste."""
    return tmp_path / "hasty" / "home"


def test_the_containers_have_to_be_counted_stopped_removed_and_nothing_else(
    learner: Learner, hasty: Path, tmp_path: Path
) -> None:
    """One test: what is removed here, no other test could find again."""
    does(learner, *ALL_BEFORE)
    comes_to(learner, "clean-up/list")
    registry, copy, site = the_three(learner)
    learner.types(f"docker volume create {STRANGER}\ndocker container create --name {STRANGER} ubuntu")
    stranger = learner.id_of(STRANGER)

    learner.is_blocked("remove", on="clean-up/stop")
    everyone = learner.types("docker run -d ubuntu sleep 600 >/dev/null\ndocker container ls --quiet | wc -l")
    learner.is_refused("list", because="no answer was given")
    learner.is_refused("list", because=f"'{everyone}' is not it", answer=everyone)
    learner.is_refused("list", because="'2' is not it", answer="2")
    assert len(learner.passes("list", answer=count_running(learner))["running"]) == 3
    quick = learner.with_home_copied_to(hasty)

    learner.is_refused("stop", because="the labs' containers were to be stopped, and ")
    learner.types(f"docker kill {learner.digits_of(copy)}\ndocker stop -t 0 {learner.digits_of(site)}")
    learner.is_refused("stop", because="and registry still runs")
    learner.types("docker container stop registry")
    evidence = learner.passes("stop")
    assert {registry, copy, site} <= set(evidence["stopped"])
    assert stranger in evidence["others"]
    assert STRANGER in evidence["volumes"]

    _remove(learner)

    after_volume = learner.with_home_copied_to(tmp_path / "volume" / "home")
    after_container = learner.with_home_copied_to(tmp_path / "container" / "home")
    evidence = learner.passes("prune")
    assert evidence["others"] >= 1
    assert evidence["volumes"] >= 1
    for lab in dict.fromkeys(step.partition("/")[0] for step in SOLUTION):
        states = learner.finds_all_passed(lab)
        assert set(states.values()) <= {"holds", "ended"}

    for step in ("stop", "remove", "prune"):  # without having asked in between: everything is gone at once
        quick.passes(step)

    learner.types(f"docker volume rm {STRANGER}")
    for _ in range(2):  # asking again makes nothing good
        after_volume.is_refused("prune", because=f"{STRANGER} is gone: prune took what was others'")
    learner.types(f"docker container rm {STRANGER}")
    for _ in range(2):
        after_container.is_refused("prune", because=f"and {stranger[:12]}, {STRANGER} is gone")
    assert learner.asks_about("prune").state == "ended"


def _remove(learner: Learner) -> None:
    """From all that the labs made to nothing, by ID and by name."""
    registry, copy, site = the_three(learner)
    top = learner.passed["first-container/top"]["container"]
    order = learner.passed["deploy-change/order"]["image"]
    volumes = learner.passed["push/registry"]["volumes"]
    learner.is_blocked("prune", on="clean-up/remove")
    learner.is_refused("remove", because=f"{registry[:12]}")
    learner.types(f"docker rm -f {copy} {site}\ndocker container rm registry")
    learner.is_refused("remove", because=f"the labs' containers were to be removed, and {top[:12]} is still there")
    learner.types(f"docker container rm {top}")
    learner.is_refused("remove", because=f"and {len(volumes)} of them are still there")
    learner.types(f"docker volume rm {' '.join(volumes)}")

    learner.is_refused("remove", because="python-hello-world:latest")
    learner.types(f"docker image rm python-hello-world {name_of(learner)}")
    learner.is_refused("remove", because="wrong-order:latest is still there")
    learner.writes("Dockerfile", "FROM scratch\nLABEL of=mine\n")
    learner.types("docker build -t wrong-order .\ndocker image rm wrong-order")
    judged = learner.asks_about("remove")
    if judged.verdict == "failed":  # other names that this learner has given or pushed
        learner.types(f"{judged.checks[0]['next']} || true")
    learner.passes("remove")
    learner.is_refused("prune", because="untagged images of the labs were to be removed, and 2 are left")
    learner.types(f"docker image rm {order}")
    learner.is_refused("prune", because="untagged images of the labs were to be removed, and 1 are left")
    remove_nameless(learner)
