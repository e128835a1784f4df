"""A container is made: its folder, its row, and a shim that gets ready while the client already has its answer."""

from __future__ import annotations

import secrets
import time

from msgspec.structs import replace

from labrunner.daemon.containers import names
from labrunner.daemon.containers.container import Container
from labrunner.daemon.containers.life import Life, make_folder
from labrunner.daemon.errors import bad_request
from labrunner.daemon.parts import Parts
from labrunner.daemon.records import ContainerRecord
from labrunner.daemon.resolve import check, config, mounts
from labrunner.daemon.shapes import CreateBody, HostConfig
from labrunner.runtime.cgroups import layout

_DEFAULT_SHM = 64 << 20


def create(parts: Parts, life: Life, body: CreateBody, name: str) -> tuple[Container, list[str]]:
    """Make a container, and say what of the wish is not obeyed. ApiError; nothing is left behind then."""
    wanted = check.name(name) if name else names.invented(parts.registry.names)
    if not body.image:
        raise bad_request(
            "Config cannot be empty in order to create a container" if body == CreateBody() else _NO_IMAGE
        )
    image = parts.images.find(body.image)
    check.body(body)
    identity = secrets.token_hex(32)
    record = ContainerRecord(
        id=identity,
        name=wanted,
        created=time.time_ns(),
        image=image.id,
        config=config.merged(body, image.config, identity),
        host=_host(body.host_config),
    )
    container = Container(record=record, run=parts.data / "run" / identity)
    specification = life.specification(container)
    parts.registry.reserve(wanted, identity)
    try:
        mounts.make_sources(body.host_config)
        make_folder(container)
        parts.database.put_container(record)
        life.fork(container, specification)
    except BaseException:
        parts.registry.release(wanted)
        parts.sweeper.throw_away(container.run)
        raise
    parts.registry.add(container)
    life.tell(container, "create")
    return container, _warnings(body.host_config)


_NO_IMAGE = "invalid reference format"


def _host(host: HostConfig) -> HostConfig:
    return replace(
        host,
        shm_size=host.shm_size or _DEFAULT_SHM,
        memory_swap=host.memory_swap or 2 * host.memory,  # Docker's default: as much swap as memory
        network_mode=host.network_mode or "default",
        ipc_mode=host.ipc_mode or "private",
        runtime="labrunner",
    )


def _warnings(host: HostConfig) -> list[str]:
    """What is kept and not obeyed: ports, and limits that no control group of this host keeps."""
    found = []
    if host.publish_all_ports or any((host.port_bindings or {}).values()):
        found.append("The namespace engine does not publish ports yet: the container is reached from inside only.")
    wanted = {
        "memory": host.memory,
        "cpu": host.nano_cpus or host.cpu_quota or host.cpu_period or host.cpu_shares,
        "pids": host.pids_limit,
    }
    if any(wanted.values()):
        kept = {name for name, _ in layout.host().folders}
        found += [
            f"Your kernel does not support {name} limit capabilities or the cgroup is not mounted. "
            "Limitation discarded."
            for name, asked in wanted.items()
            if asked and name not in kept
        ]
    return found
