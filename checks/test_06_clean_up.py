"""Checks of the lab clean-up: nothing of the labs is left, and nothing else is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labrunner.engine.engine import Engine
from labrunner.engine.objects import Container
from labrunner.verify.checking import require, step
from labrunner.verify.fixtures import Recorded
from labrunner.verify.looking import is_named

Records = Mapping[str, Mapping[str, Any]]


@step("list")
def test_running_containers_are_counted(
    engine: Engine, records: Records, answer: str, evidence: dict[str, Any]
) -> None:
    """you know how many containers of the labs are running"""
    running = [container for container in _of_the_labs(engine, records) if container.running]
    require(
        answer == str(len(running)),
        f"the number of the labs' running containers was asked for, and {answer!r} is not it",
        next="docker container ls",
    )
    evidence.update(running=[container.name for container in running])


@step("stop")
def test_containers_of_the_labs_are_stopped(engine: Engine, records: Records, evidence: dict[str, Any]) -> None:
    """every container of the labs is stopped, and no other one has to be"""
    own = _of_the_labs(engine, records)
    running = [container for container in own if container.running]
    require(
        not running,
        f"the labs' containers were to be stopped, and {', '.join(each.name for each in running)} still runs",
        next=f"docker container stop -t 2 {' '.join(each.short for each in running)}",
    )
    known = {container.id for container in own}
    before = records.get("clean-up/stop")
    if before is not None and known <= set(before["stopped"]):  # as of the first look: what went since is to be told
        evidence.update(before)
        return
    ours = {volume for each in own for volume in each.volumes} | _volumes_of_the_labs(records)
    evidence.update(
        stopped=sorted(known),
        others=sorted(each.id for each in engine.containers() if each.id not in known),
        volumes=sorted(engine.volumes() - ours),
    )


@step("remove")
def test_nothing_of_the_labs_is_left(
    engine: Engine, var: Mapping[str, str], records: Records, evidence: dict[str, Any]
) -> None:
    """the containers, volumes and images that the labs made are removed"""
    left = [container.short for container in _of_the_labs(engine, records)]
    require(
        not left,
        f"the labs' containers were to be removed, and {', '.join(left)} is still there",
        next=f"docker container rm --volumes {' '.join(left)}",
    )
    volumes = sorted(_volumes_of_the_labs(records) & engine.volumes())
    require(
        not volumes,
        f"the labs' anonymous volumes were to go with their containers, and {len(volumes)} of them are still there",
        next=f"docker volume rm {' '.join(volumes)}",
    )
    pushed = f"{var['registry']}/{var['user']}/{var['image']}".removeprefix("docker.io/")
    rows = engine.image_rows()
    names = [name for row in rows for name in (*(row["RepoTags"] or ()), *(row["RepoDigests"] or ()))]
    made = (f"{var['image']}:", f"{var['experiment']}:", f"{pushed}:", f"{pushed}@")
    kept = sorted(name for name in names if name.startswith(made))
    require(
        not kept,
        f"the images that the labs made were to be removed, and {', '.join(kept)} is still there",
        next=f"docker image rm {' '.join(kept)}",
    )
    evidence.update(looked_for=[name.rstrip(":@") for name in made])


@step("prune")
def test_nothing_without_a_name_is_left(engine: Engine, records: Records, evidence: dict[str, Any]) -> None:
    """nothing that the labs left without a name is there any more"""
    made = {fact[key] for fact in records.values() for key in ("image", "config") if key in fact}
    made |= set(records.get("deploy-change/order", {}).get("replaced", ()))
    left = [row["Id"] for row in engine.image_rows() if row["Id"] in made and not is_named(row)]
    require(
        not left,
        f"untagged images of the labs were to be removed, and {len(left)} are left",
        next="docker system prune",
    )
    evidence.update(untagged_left=0)


@step("prune")
def test_nothing_else_is_gone(engine: Engine, recorded: Recorded, evidence: dict[str, Any]) -> None:
    """what others have on this engine is still there"""
    before = recorded("stop")
    gone = [identity[:12] for identity in before["others"] if engine.container(identity) is None]
    volumes = sorted(set(before["volumes"]) - engine.volumes())
    require(
        not gone and not volumes,
        f"nothing but the labs' own was to go, and {', '.join([*gone, *volumes])} is gone: prune took what was others'",
        next="on a shared engine remove by ID, never by prune; labrunner cannot bring it back",
    )
    evidence.update(others=len(before["others"]), volumes=len(before["volumes"]))


def _volumes_of_the_labs(records: Records) -> set[str]:
    """The anonymous volumes of the containers that steps recorded."""
    recorded = (records.get(step, {}).get("volumes", ()) for step in ("nginx-and-mongo/mongo", "push/registry"))
    return {str(volume) for volumes in recorded for volume in volumes}


def _of_the_labs(engine: Engine, records: Records) -> list[Container]:
    """Every container that a step recorded and that is still there."""
    identities = dict.fromkeys(str(facts["container"]) for facts in records.values() if "container" in facts)
    found = (engine.container(identity) for identity in identities)
    return [container for container in found if container is not None]
