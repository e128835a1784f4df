"""Record what keeps containers apart: one kernel, namespaces, process IDs, a network, limits."""

from __future__ import annotations

from typing import Any

from labrunner.engine.objects import Container
from labrunner.model.errors import ToolError
from labrunner.site.pictures.record import host
from labrunner.site.pictures.record.waiting import until
from labrunner.site.pictures.record.workshop import Workshop

Recorded = dict[str, Any]

_MIB = 1 << 20
#: As in the lab: 64 MiB, no swap on top.
_LIMIT = 64 * _MIB
#: Holds 100 MiB: tail keeps the last line, and this one never ends.
_GREEDY = ("sh", "-c", "head -c 100m /dev/zero | tail")


def one_kernel(shop: Workshop) -> Recorded:
    """The kernel that the host and two containers run on, and how many processes each container has."""
    places = []
    for image, command in (("ubuntu", ("sleep", "600")), ("nginx", ())):
        made = shop.run(image, *command)
        release = shop.engine.run_inside(made, "uname", "-r")
        inside = shop.engine.run_inside(made, "find", "/boot", "/lib/modules", "-name", "vmlinu*")
        places.append(
            {
                "image": image,
                "kernel": host.shorten(release),
                "kernel_in_image": bool(inside.strip()),
                "program": host.program(made.pid),
            }
        )
    return {"host": {"kernel": host.kernel()}, "containers": places}


def namespaces(shop: Workshop) -> Recorded:
    """The namespaces of the host and of two containers."""
    first, second = shop.run("ubuntu", "top", tty=True), shop.run("nginx")
    places: dict[str, int | str] = {"the host": "self", "top": first.pid, "nginx": second.pid}
    return {"places": [{"name": name, "namespaces": host.namespaces(pid)} for name, pid in places.items()]}


def processes(shop: Workshop) -> Recorded:
    """The processes of two containers, with their numbers on the host and inside, below what started them."""
    first, second = shop.run("ubuntu", "top", tty=True), shop.run("ubuntu", "top", tty=True)
    shop.start_inside(first, "bash", "-c", "sleep 600; true")
    programs = ["top", "bash", "sleep"]
    until(
        lambda: [host.program(row.pid) for row in shop.engine.processes(first)] == programs, "a process of a container"
    )
    return {"containers": [_tree(shop, name, made) for name, made in (("first", first), ("second", second))]}


def _tree(shop: Workshop, name: str, container: Container) -> Recorded:
    rows = []
    for process in shop.engine.processes(container):
        outside, inside = host.numbers(process.pid)[0], host.numbers(process.pid)[-1]
        rows.append(
            {"host": outside, "inside": inside, "parent": host.parent(process.pid), "program": host.program(outside)}
        )
    shim = host.parent(container.pid)
    return {"name": name, "shim": {"host": shim, "program": host.program(shim)}, "processes": rows}


def network(shop: Workshop) -> Recorded:
    """The network namespaces of two web servers: one is published, one is not."""
    published = shop.run("nginx", ports={"80/tcp": ("127.0.0.1", None)})
    hidden = shop.run("nginx")
    bridge = shop.engine.api.json("GET", "/networks/bridge")
    return {
        "bridge": {
            "name": bridge["Options"]["com.docker.network.bridge.name"],
            "address": _joined(shop, published)["Gateway"],
            "subnet": bridge["IPAM"]["Config"][0]["Subnet"],
        },
        "containers": [_endpoint(shop, published), _endpoint(shop, hidden)],
    }


def _joined(shop: Workshop, container: Container) -> Recorded:
    data = shop.engine.api.json("GET", f"/containers/{container.id}/json")
    return dict(data["NetworkSettings"]["Networks"]["bridge"])


def _endpoint(shop: Workshop, container: Container) -> Recorded:
    peer = int(shop.engine.run_inside(container, "cat", "/sys/class/net/eth0/iflink"))
    index = int(shop.engine.run_inside(container, "cat", "/sys/class/net/eth0/ifindex"))
    pair = host.interfaces().get(peer)
    if pair is None:
        raise ToolError(
            "the recording looked for the host's end of a container's network, and it is not on this host",
            next="record on the engine's own host, in its network",
        )
    return {
        "address": _joined(shop, container)["IPAddress"],
        "index": index,
        "peer": {"index": peer, "name": pair},
        "listens": 80,
        "published": next(iter(shop.container(container.id).host_ports(80)), None),
    }


def limits(shop: Workshop) -> Recorded:
    """Two containers with the same limit: one stays below it, one does not; and what `top` would believe."""
    modest = shop.run(
        "ubuntu", "top", tty=True, mem_limit=_LIMIT, memswap_limit=_LIMIT, nano_cpus=500_000_000, pids_limit=50
    )
    info = shop.engine.api.json("GET", "/info")
    version = int(info.get("CgroupVersion") or 1)
    base = "/sys/fs/cgroup"
    files = (
        {"limit": f"{base}/memory.max", "use": f"{base}/memory.current", "processes": f"{base}/pids.max"}
        if version == 2  # noqa: PLR2004 - cgroups exist in two versions
        else {
            "limit": f"{base}/memory/memory.limit_in_bytes",
            "use": f"{base}/memory/memory.usage_in_bytes",
            "processes": f"{base}/pids/pids.max",
        }
    )
    read = {name: int(shop.engine.run_inside(modest, "cat", file)) for name, file in files.items()}
    total = shop.engine.run_inside(modest, "sed", "-n", "s/^MemTotal: *//p", "/proc/meminfo")
    greedy = shop.wait(shop.run("ubuntu", *_GREEDY, mem_limit=_LIMIT, memswap_limit=_LIMIT))
    state = shop.engine.api.json("GET", f"/containers/{greedy.id}/json")["State"]
    return {
        "cgroup_version": version,
        "files": {name: files[name] for name in ("limit", "use", "processes")},
        "modest": read,
        "meminfo": int(total.split()[0]) * 1024,
        "greedy": {"wants": 100 * _MIB, "exit_code": greedy.exit_code, "killed_for_memory": bool(state["OOMKilled"])},
    }
