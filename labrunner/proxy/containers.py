"""Rules for containers: creation is labelled, and what ends or changes one is for one's own only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from labrunner.engine.ledger import CALL_LABEL
from labrunner.proxy.call import Answer, Call, Pass, Plan, Record
from labrunner.proxy.scope import Scope, is_anonymous, refuse


def create(scope: Scope, call: Call, body: bytes) -> Plan:
    """Label the container and the volumes that come into being with it."""
    config = json.loads(body)
    host = config.setdefault("HostConfig", None) or {}
    config["HostConfig"] = host
    for name in named_volumes(host):
        if scope.look("volume", name) is None:
            _create_volume(scope, name, host)
    before = scope.engine.volumes() if host.get("VolumesFrom") else None
    anonymous = before is None and label_volumes(config, _image_volumes(scope, config), scope.labels("volume"))

    asked = scope.ledger.ask(scope.home, scope.lab)
    labels = {**scope.labels("container"), CALL_LABEL: asked.name}
    config["Labels"] = {**(config.get("Labels") or {}), **labels}

    def made(answer: Mapping[str, Any]) -> None:
        scope.ledger.answered(asked, replace(asked, kind="container", name=answer["Id"]))
        if anonymous or before is not None:
            found = scope.look("container", answer["Id"]) or {}
            names = [mount.get("Name") or "" for mount in found.get("Mounts") or ()]
            scope.add("volume", *(name for name in names if is_anonymous(name) and name not in (before or ())))

    refused = partial(scope.ledger.answered, asked)
    return Record(call, json.dumps(config).encode(), made, refused, scope.ledger.sync)


def named_volumes(host: Mapping[str, Any]) -> tuple[str, ...]:
    """The volumes that a HostConfig names, in its Binds and its Mounts."""
    binds = [bind.split(":")[0] for bind in host.get("Binds") or () if ":" in bind]
    mounts = [mount.get("Source") for mount in host.get("Mounts") or () if mount.get("Type") == "volume"]
    return tuple(dict.fromkeys(name for name in [*binds, *mounts] if name and not name.startswith(("/", ".", "~"))))


def label_volumes(config: dict[str, Any], image_volumes: Iterable[str], labels: Mapping[str, str]) -> bool:
    """Put a labelled mount in the place of each anonymous volume of the config and its image; whether there is one.

    An anonymous volume cannot be labelled in any other way.
    """
    host = config["HostConfig"]
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
        host["Mounts"] = mounts
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


def _image_volumes(scope: Scope, config: Mapping[str, Any]) -> Iterable[str]:
    found = scope.look("image", config["Image"]) if config.get("Image") else None
    return ((found or {}).get("Config") or {}).get("Volumes") or {}


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
