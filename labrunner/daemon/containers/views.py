"""A container as lists and inspect show it: the JSON that the docker command, docker-py and Compose read."""

from __future__ import annotations

from typing import Any

import msgspec

from labrunner.daemon.containers.container import Container, Status
from labrunner.daemon.networks import BRIDGE, endpoint
from labrunner.daemon.resolve import mounts
from labrunner.daemon.shapes import words
from labrunner.daemon.times import ago, iso
from labrunner.runtime import folder


def summary(container: Container) -> dict[str, Any]:
    """A row of the list."""
    record = container.record
    return {
        "Id": record.id,
        "Names": [f"/{record.name}"],
        "Image": record.config.image,
        "ImageID": record.image,
        "Command": " ".join(_command(container)),
        "Created": record.created // 10**9,
        "Ports": [],
        "Labels": record.config.labels or {},
        "State": str(container.status),
        "Status": status_text(container),
        "HostConfig": {"NetworkMode": record.host.network_mode},
        "NetworkSettings": {"Networks": _networks(container)},
        "Mounts": _mounts(container),
    }


def status_text(container: Container) -> str:
    """What ``docker ps`` shows: Up 3 minutes, Exited (0) 2 seconds ago."""
    match container.status:
        case Status.RUNNING:
            return f"Up {ago(container.started_at)}"
        case Status.RESTARTING:
            return f"Restarting ({container.exit_code}) {ago(container.finished_at)} ago"
        case Status.REMOVING:
            return "Removal In Progress"
        case Status.EXITED:
            return f"Exited ({container.exit_code}) {ago(container.finished_at)} ago"
    return "Created"


def details(container: Container) -> dict[str, Any]:
    """What inspect shows."""
    record, run = container.record, container.run
    command = _command(container)
    return {
        "Id": record.id,
        "Created": iso(record.created),
        "Path": command[0],
        "Args": command[1:],
        "State": _state(container),
        "Image": record.image,
        "ResolvConfPath": str(run / folder.RESOLV_CONF),
        "HostnamePath": str(run / folder.HOSTNAME),
        "HostsPath": str(run / folder.HOSTS),
        "LogPath": str(run / folder.LOG) if container.started_at else "",
        "Name": f"/{record.name}",
        "RestartCount": container.restarts,
        "Driver": "overlay2",
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": sorted(container.execs) or None,
        "HostConfig": _host(container),
        "GraphDriver": {
            "Data": {"UpperDir": str(run / folder.UPPER), "WorkDir": str(run / folder.WORK)},
            "Name": "overlay2",
        },
        "Mounts": _mounts(container),
        "Config": {**msgspec.to_builtins(record.config), "Image": record.config.image},
        "NetworkSettings": {**endpoint(), "Bridge": "", "Ports": {}, "SandboxID": "", "Networks": _networks(container)},
    }


def _state(container: Container) -> dict[str, Any]:
    restarting = container.status is Status.RESTARTING
    return {
        "Status": str(container.status),
        "Running": container.running or restarting,
        "Paused": False,
        "Restarting": restarting,
        "OOMKilled": container.oom,
        "Dead": False,
        "Pid": container.pid,
        "ExitCode": container.exit_code,
        "Error": container.error,
        "StartedAt": iso(container.started_at),
        "FinishedAt": iso(container.finished_at),
    }


def _host(container: Container) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(container.record.host)
    for name in ("Init", "StorageOpt", "Sysctls", "Tmpfs", "Mounts"):  # left out where they are not set, as Go does
        if shown[name] is None:
            del shown[name]
    return shown


def _command(container: Container) -> list[str]:
    own = container.record.config
    return [*(words(own.entrypoint) or []), *(words(own.cmd) or [])]


def _networks(container: Container) -> dict[str, Any]:
    mode = container.record.host.network_mode
    return {BRIDGE if mode == "default" else mode: {"IPAMConfig": None, "Links": None, "Aliases": None, **endpoint()}}


def _mounts(container: Container) -> list[dict[str, Any]]:
    host = container.record.host
    found = [
        {
            "Type": "bind",
            "Source": bind.source,
            "Destination": bind.target,
            "Mode": "ro" if bind.read_only else "",
            "RW": not bind.read_only,
            "Propagation": "rprivate",
        }
        for bind in mounts.binds(host)
    ]
    targets = {mount.target for mount in host.mounts or () if mount.type == "tmpfs"}
    return found + [
        {"Type": "tmpfs", "Source": "", "Destination": target, "Mode": "", "RW": True, "Propagation": ""}
        for target in sorted(targets)
    ]
