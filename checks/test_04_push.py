"""Checks of the lab push: a registry with a password, and what it holds."""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labrunner.engine.engine import Engine
from labrunner.engine.objects import Container, Image
from labrunner.engine.registry import Registry
from labrunner.verify.checking import NotDone, require, step
from labrunner.verify.fixtures import Recorded
from labrunner.verify.looking import best_of, demand_port, is_of, page_of, port_to_ask

SERVER = "registry:2"
INSIDE = 5000
#: A request to the registry's base that was let in, sent by an engine or its client: that is what a login sends.
LOGIN = re.compile(r"authorized request.*http\.request\.uri=/v2/ .*useragent=\"(?:docker/|Docker-Client|containers/)")


@step("registry")
def test_registry_wants_a_password(
    engine: Engine, var: Mapping[str, str], registry: Registry, folder: Path, evidence: dict[str, Any]
) -> None:
    """a registry runs, and it lets nobody in without the password"""
    if not registry.local:
        evidence["limited"] = f"{registry.host} is not yours, so only that it wants a login was seen"
        status = registry.get("/v2/").status
        # no near miss: a proof has no registry elsewhere
        require(
            status == 401, f"{registry.host} was to ask for a login, and it answers {status}", next="labrunner doctor"
        )
        return
    port = int(var["registry_port"])
    container = _server(engine, port)
    again = f"cd {folder}, then run it again"  # it finds its users only if it was started in the lab's folder
    asked = page_of(engine, container, port, INSIDE, "/v2/", again)
    require(
        asked.status == 401,
        f"the registry was to refuse a request without a password (401), and it answers {asked.status}",
        next=f"docker container rm --force --volumes {container.name}, then run it with the three --env flags",
    )
    wrong = registry.get("/v2/", user=registry.user, password=secrets.token_hex(8)).status
    require(wrong == 401, f"the registry was to refuse a wrong password (401), and it answers {wrong}", next=_AGAIN)
    right = registry.get("/v2/", user=registry.user, password=registry.password).status
    require(
        right == 200,
        f"the registry was to accept {registry.user} with the password in password.txt, and it answers {right}",
        next=f"docker container rm --force --volumes {container.name}, then run it with auth/htpasswd mounted",
    )
    evidence.update(container=container.id, image=container.image_id, volumes=list(container.volumes))
    evidence.update(without=401, wrong=401, right=200)


@step("login")
def test_login_was_accepted(
    engine: Engine, recorded: Recorded, registry: Registry, folder: Path, evidence: dict[str, Any]
) -> None:
    """the registry has let you in"""
    login = f"docker login --username {registry.user} {registry.host}"
    if not registry.local:
        evidence["limited"] = f"{registry.host} shows nobody its log, so the client's configuration was looked at"
        # no near miss: a proof has no registry elsewhere
        require(_knows_login(registry.host), f"a login at {registry.host} was asked for, and there is none", next=login)
        return
    container = engine.container(recorded("registry")["container"])
    if container is None:
        # no near miss: the step is blocked where the container of the step before is gone
        raise NotDone("the registry's log was to be read, and its container is gone", "labrunner check push/registry")
    accepted = [line for line in engine.logs(container, tail=1000).splitlines() if LOGIN.search(line)]
    require(
        accepted,
        f"a login as {registry.user} was to be accepted, and the registry's log shows none",
        next=f"{login} --password-stdin < {shlex.quote(str(folder / 'password.txt'))}",
    )
    evidence.update(user=registry.user, accepted=accepted[0].partition(" ")[0])


@step("tag")
def test_image_has_the_registry_in_its_name(engine: Engine, var: Mapping[str, str], evidence: dict[str, Any]) -> None:
    """your image has a second name, with the registry and your user name in it"""
    name = _name(var)
    tag = f"docker tag {var['image']} {name}"
    image, local = engine.image(name), engine.image(var["image"])
    if image is None or local is None:
        missing = name if image is None else var["image"]
        raise NotDone(f"an image named {missing} was asked for, and there is none", tag)
    require(image.id == local.id, f"{name} was to be {var['image']}, and it is another image", next=tag)
    evidence.update(image=image.id, name=name)


@step("push")
def test_registry_holds_the_image(
    engine: Engine, var: Mapping[str, str], registry: Registry, evidence: dict[str, Any]
) -> None:
    """the registry has your image, with every layer"""
    name, repository = _name(var), f"{var['user']}/{var['image']}"
    manifest = registry.manifest(repository, "latest")
    if manifest is None:
        raise NotDone(
            f"{repository}:latest was asked for in {registry.host}, and it is not there", f"docker push {name}"
        )
    image = engine.image(var["image"])
    require(
        image is not None and image.id in {manifest.config, manifest.digest},
        f"{repository}:latest was to be your image, and the registry holds another one",
        next=f"docker tag {var['image']} {name}, then docker push {name}",
    )
    missing = [blob for blob in (*manifest.layers, manifest.config) if not registry.has_blob(repository, blob)]
    require(not missing, f"every layer was to be in {registry.host}, and {missing} is not", next=f"docker push {name}")
    evidence.update(
        repository=repository,
        tag="latest",
        digest=manifest.digest,
        config=manifest.config,
        layers=list(manifest.layers),
    )


@step("pull")
def test_image_came_back_by_digest(
    engine: Engine, var: Mapping[str, str], recorded: Recorded, evidence: dict[str, Any]
) -> None:
    """the image is back under its digest, without the name that you removed"""
    name, digest = _name(var), recorded("push")["digest"]
    familiar = name.removeprefix("docker.io/")
    require(
        f"{familiar}:latest" not in {tag for row in engine.image_rows() for tag in row["RepoTags"] or ()},
        f"the local name {name} was to be removed first, and it is still there",
        next=f"docker image rm {name}, then docker pull {name}@{digest}",
    )
    image = _by_digest(engine, f"{familiar}@{digest}")
    if image is None:
        raise NotDone(f"{name}@{digest[:19]}… was to be pulled, and it is not here", f"docker pull {name}@{digest}")
    evidence.update(image=image.id, digest=digest)


@step("copy")
def test_pulled_image_answers(
    engine: Engine, var: Mapping[str, str], recorded: Recorded, evidence: dict[str, Any]
) -> None:
    """a container of the image that came back answers on its own port"""
    pulled, port = recorded("pull"), int(var["copy_port"])
    command = f"docker run -d -p {port}:{INSIDE} {_name(var)}@{pulled['digest']}"
    own = [each for each in engine.containers() if each.image_id == pulled["image"] and pulled["digest"] in each.image]
    if not own:
        raise NotDone("a container of the pulled image was asked for, and there is none", command)
    container = best_of(own, port, INSIDE)
    answering = port_to_ask(container, port, INSIDE)
    page = page_of(engine, container, answering, INSIDE)
    require(
        page.status == 200,
        f"the copy was to answer 200 on port {answering}, and it answers {page.status}",
        next=f"docker container logs {container.name}",
    )
    evidence.update(container=container.id, image=container.image_id, port=answering, text=page.text[:200])


_AGAIN = "docker container rm --force --volumes registry, then run it with the three --env flags"


def _name(var: Mapping[str, str]) -> str:
    return f"{var['registry']}/{var['user']}/{var['image']}"


def _server(engine: Engine, port: int) -> Container:
    """The registry's container."""
    own = [container for container in engine.containers() if is_of(engine, container, SERVER)]
    if not own:
        raise NotDone(f"a container of {SERVER} was asked for, and there is none", "labrunner show push/registry")
    container = best_of(own, port, INSIDE)
    demand_port(container, port, INSIDE, "run it with --publish as the step shows")
    return container


def _by_digest(engine: Engine, reference: str) -> Image | None:
    rows = [row for row in engine.image_rows() if reference in (row["RepoDigests"] or ())]
    return engine.image(rows[0]["Id"]) if rows else None


def _knows_login(host: str) -> bool:
    folder = Path(os.environ.get("DOCKER_CONFIG") or "~/.docker").expanduser()
    try:
        known = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("auths", {})
    except (OSError, ValueError):
        return False
    return any(host in name for name in known)
