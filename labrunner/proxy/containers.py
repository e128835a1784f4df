"""Rules for containers: creation is labelled, and what ends or changes one is for one's own only."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from labrunner.engine.ledger import CALL_LABEL
from labrunner.proxy.call import Answer, Call, Pass, Plan, Record
from labrunner.proxy.scope import Image, Scope, is_anonymous, refuse


def create(scope: Scope, call: Call, body: bytes) -> Plan:
    """Label the container and the volumes that come into being with it."""
    config = json.loads(body)
    host = config.get("HostConfig") or {}
    for name in named_volumes(host):
        if scope.look("volume", name) is None:
            _create_volume(scope, name, host)
    before = scope.engine.volumes() if host.get("VolumesFrom") else None
    image, known = config.get("Image") or "", None
    anonymous = False
    if before is None:
        known = scope.images.get(image)
        declared = (known or _look_at_image(scope, image)).volumes
        anonymous = label_volumes(config, declared, scope.labels("volume"))

    asked = scope.ledger.ask(scope.home, scope.lab)
    labels = {**scope.labels("container"), CALL_LABEL: asked.name}
    config["Labels"] = {**(config.get("Labels") or {}), **labels}
    identity = ""

    def made(answer: Mapping[str, Any]) -> None:
        nonlocal identity
        identity = answer["Id"]
        scope.ledger.answered(asked, replace(asked, kind="container", name=identity))
        if anonymous or before is not None:
            _record_volumes(scope, scope.look("container", identity), before or ())

    def told() -> None:
        scope.ledger.sync()
        if known is None or not identity:
            return
        found = scope.look("container", identity)
        if found is not None and found["Image"] != known.identity:  # somebody gave the name to another image
            scope.images.pop(image, None)
            _record_volumes(scope, found, ())

    return Record(call, json.dumps(config).encode(), made, partial(scope.ledger.answered, asked), told)


def named_volumes(host: Mapping[str, Any]) -> tuple[str, ...]:
    """The volumes that a HostConfig names, in its Binds and its Mounts."""
    binds = [bind.split(":")[0] for bind in host.get("Binds") or () if ":" in bind]
    mounts = [mount.get("Source") for mount in host.get("Mounts") or () if mount.get("Type") == "volume"]
    return tuple(dict.fromkeys(name for name in [*binds, *mounts] if name and not name.startswith(("/", ".", "~"))))


def label_volumes(config: dict[str, Any], image_volumes: Iterable[str], labels: Mapping[str, str]) -> bool:
    """Put a labelled mount in the place of each anonymous volume of the config and its image; whether there is one.

    An anonymous volume cannot be labelled in any other way.
    """
    host = config.get("HostConfig") or {}
    mounts: list[dict[str, Any]] = list(host.get("Mounts") or ())
    for mount in mounts:
        if mount.get("Type") == "volume":
            options = dict(mount.get("VolumeOptions") or {})
            mount["VolumeOptions"] = {**options, "Labels": {**(options.get("Labels") or {}), **labels}}
    taken = {mount["Target"].rstrip("/") for mount in mounts}
    taken |= {bind.split(":")[1].rstrip("/") for bind in host.get("Binds") or () if ":" in bind}
    taken |= {path.rstrip("/") for path in host.get("Tmpfs") or ()}
    asked = config.get("Volumes") or {}
    wanted = [path for path in sorted({*asked, *image_volumes}) if path.rstrip("/") not in taken and ":" not in path]
    mounts += [{"Type": "volume", "Target": path, "VolumeOptions": {"Labels": dict(labels)}} for path in wanted]
    if asked:
        config["Volumes"] = {path: value for path, value in asked.items() if path not in wanted}
    if mounts:
        config["HostConfig"] = {**host, "Mounts": mounts}  # one that is not needed costs the engine half a millisecond
    return any(mount.get("Type") == "volume" and not mount.get("Source") for mount in mounts)


def own(scope: Scope, call: Call, _: bytes) -> Plan:
    """Pass on what ends or changes a container if it is one's own; by its full ID, whatever happens to the name."""
    name, *rest = call.path.removeprefix("/containers/").split("/")
    verb = rest[0] if rest else "remove"
    identity = scope.owned("container", name, verb)
    return Pass(call.at("/".join(["", "containers", identity, *rest])))


def update(scope: Scope, call: Call, body: bytes) -> Plan:
    """Change the limits of one's own container; on Podman those of memory, by its own API."""
    identity = scope.owned("container", call.path.split("/")[2], "update")
    if not scope.engine.is_podman:
        return Pass(call.at(f"/containers/{identity}/update"), body)
    scope.engine.limit_memory(identity, json.loads(body))
    return Answer({"Warnings": []})


def connect(scope: Scope, call: Call, body: bytes) -> Plan:
    """Connect one's own containers to networks, and disconnect them."""
    name = json.loads(body).get("Container") or ""
    found = scope.look("container", name) if name else None
    if found is not None and not scope.owns("container", found):
        refuse("container", name, call.path.rpartition("/")[2])
    return Pass(call, body)


def _look_at_image(scope: Scope, name: str) -> Image:
    """Look at an image and remember it: asking the engine each time would double what a creation pays to the scope."""
    found = (scope.look("image", name) if name else None) or {}
    image = Image(found.get("Id", ""), tuple((found.get("Config") or {}).get("Volumes") or ()))
    if found:
        scope.images[name] = image
    return image


def _record_volumes(scope: Scope, container: Mapping[str, Any] | None, before: Container[str]) -> None:
    """Record a new container's anonymous volumes, but those that were there before it."""
    names = [mount.get("Name") or "" for mount in (container or {}).get("Mounts") or ()]
    scope.add("volume", *(name for name in names if is_anonymous(name) and name not in before))


def _create_volume(scope: Scope, name: str, host: Mapping[str, Any]) -> None:
    """Make a volume that the engine would make by itself, unlabelled, together with the container."""
    mounts: Iterable[Mapping[str, Any]] = host.get("Mounts") or ()
    mount = next((mount for mount in mounts if mount.get("Source") == name), {})
    driver = (mount.get("VolumeOptions") or {}).get("DriverConfig") or {}
    scope.engine.api.json(
        "POST",
        "/volumes/create",
        {
            "Name": name,
            "Driver": driver.get("Name") or host.get("VolumeDriver") or "local",
            "DriverOpts": driver.get("Options") or {},
            "Labels": scope.labels("volume"),
        },
    )
    scope.add("volume", name)
