"""Ping, version, info, events: what clients ask before anything else."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from labrunner.daemon.answers import Answer, Json, Stream, Text, json_line
from labrunner.daemon.containers.container import Status
from labrunner.daemon.engine import Engine
from labrunner.daemon.errors import ApiError
from labrunner.daemon.events import FILTERS, matcher
from labrunner.daemon.requests import Request
from labrunner.daemon.times import iso, moment
from labrunner.daemon.versions import NEWEST, OLDEST, OURS, text
from labrunner.runtime.cgroups import layout
from labrunner.runtime.images import architecture
from labrunner.runtime.modes import Mode

_PING = (
    ("Api-Version", text(NEWEST)),
    ("Docker-Experimental", "false"),
    ("Ostype", "linux"),
    ("Builder-Version", "1"),
    ("Cache-Control", "no-cache, no-store, must-revalidate"),
    ("Pragma", "no-cache"),
)


async def ping(_engine: Engine, _request: Request, _name: str) -> Answer:
    """GET and HEAD /_ping."""
    return Text("OK", _PING)


async def version(_engine: Engine, _request: Request, _name: str) -> Answer:
    """GET /version."""
    host = os.uname()
    shown: dict[str, Any] = {
        "Version": OURS,
        "ApiVersion": text(NEWEST),
        "MinAPIVersion": text(OLDEST),
        "GitCommit": "",
        "GoVersion": "",
        "Os": "linux",
        "Arch": architecture(),
        "KernelVersion": host.release,
        "BuildTime": "",
    }
    details = {name: shown[name] for name in ("ApiVersion", "MinAPIVersion", "Os", "Arch", "KernelVersion")}
    components = [
        {"Name": "Engine", "Version": OURS, "Details": {**details, "Experimental": "false"}},
        {"Name": "labrunner", "Version": OURS, "Details": {}},  # by which labrunner knows its own
    ]
    return Json({"Platform": {"Name": "labrunner namespace engine"}, "Components": components, **shown})


async def info(engine: Engine, _request: Request, _name: str) -> Answer:
    """GET /info."""
    statuses = [container.status for container in engine.parts.registry]
    running = sum(status in {Status.RUNNING, Status.RESTARTING} for status in statuses)
    host = os.uname()
    release = platform.freedesktop_os_release()
    return Json(
        {
            "ID": "labrunner",
            "Containers": len(statuses),
            "ContainersRunning": running,
            "ContainersPaused": 0,
            "ContainersStopped": len(statuses) - running,
            "Images": len(engine.parts.images),
            "Driver": "overlay2",
            "DriverStatus": [],
            "Plugins": {
                "Volume": [],
                "Network": ["bridge", "host", "null"],
                "Log": ["json-file"],
            },
            **_limits(),
            "IPv4Forwarding": False,
            "BridgeNfIptables": False,
            "BridgeNfIp6tables": False,
            "Debug": False,
            "NFd": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names are all that is wanted
            "OomKillDisable": False,
            "NGoroutines": 1,
            "SystemTime": iso(time.time_ns()),
            "LoggingDriver": "json-file",
            "NEventsListener": engine.parts.events.watchers,
            "KernelVersion": host.release,
            "OperatingSystem": release.get("PRETTY_NAME", "Linux"),
            "OSVersion": release.get("VERSION_ID", ""),
            "OSType": "linux",
            "Architecture": host.machine,
            "IndexServerAddress": "https://index.docker.io/v1/",
            "RegistryConfig": None,
            "NCPU": os.cpu_count() or 1,
            "MemTotal": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "GenericResources": None,
            "DockerRootDir": str(engine.parts.data),
            "HttpProxy": "",
            "HttpsProxy": "",
            "NoProxy": "",
            "Name": host.nodename,
            "Labels": [],
            "ExperimentalBuild": False,
            "ServerVersion": OURS,
            "Runtimes": {"labrunner": {"path": "labrunner"}},
            "DefaultRuntime": "labrunner",
            "SecurityOptions": [
                "name=seccomp,profile=builtin",
                *(["name=rootless"] if engine.parts.mode is Mode.SINGLE else []),
            ],
            "Swarm": {"NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": False},
            "LiveRestoreEnabled": True,
            "Isolation": "",
            "InitBinary": "labrunner",
        }
    )


def _limits() -> dict[str, Any]:
    """What of the host's control groups a container can be limited by."""
    found = layout.host()
    has = {name for name, _ in found.folders}
    return {
        "Warnings": [f"WARNING: No {name} limit support" for name in ("memory", "cpu", "pids") if name not in has],
        "MemoryLimit": "memory" in has,
        "SwapLimit": "memory" in has,
        "CpuCfsPeriod": "cpu" in has,
        "CpuCfsQuota": "cpu" in has,
        "CPUShares": "cpu" in has,
        "CPUSet": False,
        "PidsLimit": "pids" in has,
        "CgroupDriver": "cgroupfs" if has else "none",
        "CgroupVersion": str(found.version or 1),  # clients ask for one of the two, of an engine without groups as well
    }


async def events(engine: Engine, request: Request, _name: str) -> Answer:
    """GET /events."""
    since, until = moment(request.text("since")), moment(request.text("until"))
    wanted = matcher(request.filters(FILTERS))

    async def lines() -> AsyncIterator[bytes]:
        async for event in engine.parts.events.watch(since, until, wanted):
            yield json_line(event.shape())

    return Stream(lines(), "application/json")


async def no_plugins(_engine: Engine, _request: Request, _name: str) -> Answer:
    """GET /plugins."""
    return Json([])


async def no_plugin(_engine: Engine, _request: Request, name: str) -> Answer:
    """GET /plugins/NAME/json, the last thing that ``docker inspect`` tries."""
    raise ApiError(404, f'plugin "{name}" not found')


async def no_build_cache(_engine: Engine, _request: Request, _name: str) -> Answer:
    """POST /build/prune, the last part of ``docker system prune``."""
    return Json({"CachesDeleted": None, "SpaceReclaimed": 0})


async def no_swarm(_engine: Engine, _request: Request, _name: str) -> Answer:
    """GET of a swarm's things, in the words by which ``docker inspect`` knows to go on."""
    raise ApiError(503, "This node is not a swarm manager. The namespace engine has no swarm.")


ROUTES: Mapping[str, Any] = {
    "GET /_ping": ping,
    "HEAD /_ping": ping,
    "GET /version": version,
    "GET /info": info,
    "GET /events": events,
    "GET /plugins": no_plugins,
    "POST /build/prune": no_build_cache,
    "GET /plugins/*/json": no_plugin,
    **{f"GET /{what}/*": no_swarm for what in ("configs", "nodes", "secrets", "services", "tasks")},
}
