"""The JSON of containers, typed: what a client sends to create one, what is kept of it, and what inspect shows again.

The Docker Engine API's ``ContainerConfig`` and ``HostConfig`` with Docker's defaults; the fields are the API's, in
lower case. Fields that this engine does not act upon are here where clients read them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from labrunner.runtime.spec import MASKED_PATHS, READONLY_PATHS

_ODD = {
    "container_id_file": "ContainerIDFile",
    "uts_mode": "UTSMode",
    "io_maximum_iops": "IOMaximumIOps",
    "io_maximum_bandwidth": "IOMaximumBandwidth",
    "blkio_device_read_iops": "BlkioDeviceReadIOps",
    "blkio_device_write_iops": "BlkioDeviceWriteIOps",
}


def api_name(field: str) -> str:
    """A field's name in the API."""
    return _ODD.get(field) or "".join(word.capitalize() for word in field.split("_"))


class _Shape(msgspec.Struct, frozen=True, kw_only=True, rename=api_name):
    """An object of the API. Unknown fields are left out, as Docker does."""


class RestartPolicy(_Shape, frozen=True, kw_only=True):
    """When a container is started again: no, always, unless-stopped, on-failure."""

    name: str = ""
    maximum_retry_count: int = 0


class LogConfig(_Shape, frozen=True, kw_only=True):
    """How logs are kept; ``max-size`` and ``max-file`` are acted upon."""

    type: str = "json-file"
    config: dict[str, str] = {}


class Ulimit(_Shape, frozen=True, kw_only=True):
    """A limit of setrlimit(2)."""

    name: str
    soft: int
    hard: int


class Mount(_Shape, frozen=True, kw_only=True):
    """What ``--mount`` says."""

    type: str = "volume"
    source: str = ""
    target: str = ""
    read_only: bool = False
    consistency: str = ""
    bind_options: dict[str, Any] | None = None
    volume_options: dict[str, Any] | None = None
    tmpfs_options: dict[str, Any] | None = None


class PortBinding(_Shape, frozen=True, kw_only=True):
    """Where a port is published."""

    host_ip: str = ""
    host_port: str = ""


class Resources(_Shape, frozen=True, kw_only=True):
    """What a cgroup limits; ``update`` takes these."""

    cpu_shares: int = 0
    memory: int = 0
    nano_cpus: int = 0
    cgroup_parent: str = ""
    blkio_weight: int = 0
    blkio_weight_device: list[Any] | None = None
    blkio_device_read_bps: list[Any] | None = None
    blkio_device_write_bps: list[Any] | None = None
    blkio_device_read_iops: list[Any] | None = None
    blkio_device_write_iops: list[Any] | None = None
    cpu_period: int = 0
    cpu_quota: int = 0
    cpu_realtime_period: int = 0
    cpu_realtime_runtime: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    devices: list[Any] | None = None
    device_cgroup_rules: list[str] | None = None
    device_requests: list[Any] | None = None
    memory_reservation: int = 0
    memory_swap: int = 0
    memory_swappiness: int | None = None
    oom_kill_disable: bool = False
    pids_limit: int | None = None
    ulimits: list[Ulimit] | None = None
    cpu_count: int = 0
    cpu_percent: int = 0
    io_maximum_iops: int = 0
    io_maximum_bandwidth: int = 0


class HostConfig(Resources, frozen=True, kw_only=True):
    """What depends on the host."""

    binds: list[str] | None = None
    container_id_file: str = ""
    log_config: LogConfig = LogConfig()
    network_mode: str = "default"
    port_bindings: dict[str, list[PortBinding] | None] | None = None
    restart_policy: RestartPolicy = RestartPolicy()
    auto_remove: bool = False
    volume_driver: str = ""
    volumes_from: list[str] | None = None
    mounts: list[Mount] | None = None
    cap_add: list[str] | None = None
    cap_drop: list[str] | None = None
    cgroupns_mode: str = "host"
    dns: list[str] | None = None
    dns_options: list[str] | None = None
    dns_search: list[str] | None = None
    extra_hosts: list[str] | None = None
    group_add: list[str] | None = None
    ipc_mode: str = "private"
    cgroup: str = ""
    links: list[str] | None = None
    oom_score_adj: int = 0
    pid_mode: str = ""
    privileged: bool = False
    publish_all_ports: bool = False
    readonly_rootfs: bool = False
    security_opt: list[str] | None = None
    storage_opt: dict[str, str] | None = None
    tmpfs: dict[str, str] | None = None
    uts_mode: str = ""
    userns_mode: str = ""
    shm_size: int = 0
    sysctls: dict[str, str] | None = None
    runtime: str = "labrunner"
    console_size: tuple[int, int] = (0, 0)
    isolation: str = ""
    init: bool | None = None
    masked_paths: tuple[str, ...] = MASKED_PATHS
    readonly_paths: tuple[str, ...] = READONLY_PATHS


class Config(_Shape, frozen=True, kw_only=True):
    """What does not depend on the host; an image's configuration has one too."""

    hostname: str = ""
    domainname: str = ""
    user: str = ""
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    exposed_ports: dict[str, dict[str, Any]] | None = None
    tty: bool = False
    open_stdin: bool = False
    stdin_once: bool = False
    env: list[str] | None = None
    cmd: list[str] | str | None = None
    healthcheck: dict[str, Any] | None = None
    image: str = ""
    volumes: dict[str, dict[str, Any]] | None = None
    working_dir: str = ""
    entrypoint: list[str] | str | None = None
    network_disabled: bool = False
    on_build: list[str] | None = None
    labels: dict[str, str] | None = None
    stop_signal: str = ""
    stop_timeout: int | None = None
    shell: list[str] | None = None


class CreateBody(Config, frozen=True, kw_only=True):
    """What ``POST /containers/create`` takes."""

    host_config: HostConfig = HostConfig()
    networking_config: dict[str, Any] | None = None


class UpdateBody(Resources, frozen=True, kw_only=True):
    """What ``POST /containers/ID/update`` takes."""

    restart_policy: RestartPolicy = RestartPolicy()


class ExecBody(_Shape, frozen=True, kw_only=True):
    """What ``POST /containers/ID/exec`` takes."""

    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    detach_keys: str = ""
    tty: bool = False
    env: list[str] | None = None
    cmd: list[str] | str | None = None
    privileged: bool = False
    user: str = ""
    working_dir: str = ""
    console_size: tuple[int, int] | None = None


class ExecStartBody(_Shape, frozen=True, kw_only=True):
    """What ``POST /exec/ID/start`` takes."""

    detach: bool = False
    tty: bool = False
    console_size: tuple[int, int] | None = None


def words(command: list[str] | str | None) -> list[str] | None:
    """A command as a list: old clients send a string."""
    return [command] if isinstance(command, str) else command
