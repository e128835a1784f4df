"""Checks of the lab nginx-and-mongo: two servers side by side, and what is left of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labrunner.engine.engine import Engine
from labrunner.verify.checking import require, step
from labrunner.verify.fixtures import Recorded
from labrunner.verify.looking import by_short_id, demand_image, demand_port, is_of, named_container, page_of

NGINX, MONGO = "nginx:latest", "mongo:3.4"
SENTENCE = "It looks like you are trying to access MongoDB over HTTP"


def _run_nginx(var: Mapping[str, str]) -> str:
    return f"docker container run --detach --publish {var['web_port']}:80 --name {var['web']} nginx"


def _run_mongo(var: Mapping[str, str]) -> str:
    return f"docker container run --detach --publish {var['db_port']}:27017 --name {var['db']} {MONGO}"


@step("images")
def test_nginx_says_on_which_port_it_listens(engine: Engine, answer: str, evidence: dict[str, Any]) -> None:
    """you know on which port nginx listens"""
    image = demand_image(engine, NGINX, "looked at")
    evidence.update(image=image.id, exposed=list(image.exposed))
    require(
        answer.removesuffix("/tcp") in {str(port) for port in image.exposed},
        f"the port on which nginx listens was asked for, and {answer!r} is not what the image says",
        next="docker image inspect --format '{{.Config.ExposedPorts}}' nginx",
    )


@step("nginx")
def test_nginx_answers_on_its_port(engine: Engine, var: Mapping[str, str], evidence: dict[str, Any]) -> None:
    """nginx answers on the port that you published"""
    container = named_container(engine, var["web"], NGINX, _run_nginx(var))
    port = int(var["web_port"])
    demand_port(container, port, 80, _run_nginx(var))
    page = page_of(engine, container, port, 80)
    server = next((value for name, value in page.headers.items() if name.lower() == "server"), "nobody")
    require(
        page.status == 200 and server.startswith("nginx"),
        f"nginx was to answer 200 on port {port}, and {server} answers {page.status}",
        next=f"docker container logs {container.name}",
    )
    evidence.update(container=container.id, image=container.image_id, port=port, status=page.status, server=server)


@step("mongo")
def test_mongo_answers_over_http(engine: Engine, var: Mapping[str, str], evidence: dict[str, Any]) -> None:
    """mongo notices an HTTP request on the port that you published"""
    container = named_container(engine, var["db"], MONGO, _run_mongo(var))
    port = int(var["db_port"])
    demand_port(container, port, 27017, _run_mongo(var))
    page = page_of(engine, container, port, 27017)
    require(
        SENTENCE in page.text,
        f"mongo's sentence was to come from port {port}, and what came is {page.text[:80]!r}",
        next=f"docker container logs {container.name}",
    )
    evidence.update(container=container.id, image=container.image_id, port=port, volumes=list(container.volumes))


@step("again")
def test_second_nginx_shares_the_image(
    engine: Engine, var: Mapping[str, str], recorded: Recorded, evidence: dict[str, Any]
) -> None:
    """a second nginx runs from the image that was there already"""
    first = recorded("nginx")
    others = [
        container
        for container in engine.containers()
        if container.status == "running" and container.id != first["container"] and is_of(engine, container, NGINX)
    ]
    require(
        others,
        f"a second running container of nginx was asked for, and {var['web']} is the only one",
        next="docker container run --detach nginx",
    )
    second = others[0]
    require(
        second.image_id == first["image"],
        f"the second nginx was to run the image of the first, and {second.name} runs another one",
        next=f"docker container rm --force {second.name}, then docker container run --detach nginx",
    )
    evidence.update(container=second.id, name=second.name, image=second.image_id)


@step("inspect")
def test_mongo_is_known_by_its_id(engine: Engine, recorded: Recorded, answer: str, evidence: dict[str, Any]) -> None:
    """you know the ID of mongo's container"""
    mongo = recorded("mongo")["container"]
    found = by_short_id(engine.containers(), answer)
    require(
        found is not None and found.id == mongo,
        f"the ID of mongo's container was asked for, at least three digits of it, and {answer!r} is not it",
        next="docker container inspect --format '{{.Id}}' mongo",
    )
    evidence.update(container=mongo, answer=answer)


@step("stop")
def test_all_three_are_stopped(
    engine: Engine, var: Mapping[str, str], recorded: Recorded, evidence: dict[str, Any]
) -> None:
    """all three containers are stopped"""
    stopped = {name: recorded(name)["container"] for name in ("nginx", "mongo", "again")}
    looked_at = [engine.container(name) for name in (*stopped.values(), var["web"], var["db"])]
    running = {container.name for container in looked_at if container is not None and container.running}
    require(
        not running,
        f"all three were to be stopped, and {', '.join(sorted(running))} still runs",
        next=f"docker container stop {' '.join(sorted(running))}",
    )
    evidence.update(stopped=stopped)


@step("remove")
def test_mongo_is_removed_with_its_volumes(engine: Engine, recorded: Recorded, evidence: dict[str, Any]) -> None:
    """mongo's container is removed, and its anonymous volumes with it"""
    mongo = recorded("mongo")
    require(
        engine.container(mongo["container"]) is None,
        f"mongo's container {mongo['container'][:12]} was to be removed, and it is still there",
        next=f"docker container rm --volumes {mongo['container'][:12]}",
    )
    left = sorted(set(mongo["volumes"]) & engine.volumes())
    require(
        not left,
        f"mongo's anonymous volumes were to go with it, and {len(left)} of {len(mongo['volumes'])} are left",
        next=f"docker volume rm {' '.join(left)}",
    )
    evidence.update(container=mongo["container"], volumes=mongo["volumes"])


@step("prune")
def test_stopped_containers_are_gone(engine: Engine, recorded: Recorded, evidence: dict[str, Any]) -> None:
    """the stopped containers of nginx are gone"""
    containers = [recorded(name)["container"] for name in ("nginx", "again")]
    left = [container[:12] for container in containers if engine.container(container) is not None]
    require(
        not left,
        f"the stopped containers were to be removed, and {', '.join(left)} is still there",
        next=f"docker system prune, or docker container rm {' '.join(left)}",
    )
    evidence.update(removed=containers)


@step("prune")
def test_images_are_still_there(engine: Engine, evidence: dict[str, Any]) -> None:
    """the images of nginx and mongo are still there: prune takes no image that has a tag"""
    missing = [name for name in (NGINX, MONGO) if engine.image(name) is None]
    require(
        not missing,
        f"images with a tag were to stay, and {', '.join(missing)} is gone: prune --all takes more than was asked",
        next="labrunner images prepare",
    )
    evidence.update(images=[NGINX, MONGO])
