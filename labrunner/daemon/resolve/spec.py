"""The specification of a container, out of its record and its image's layers."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from pathlib import Path

from labrunner.daemon.errors import bad_request
from labrunner.daemon.records import ContainerRecord
from labrunner.daemon.resolve import config, mounts, security
from labrunner.daemon.shapes import Config, ExecBody, HostConfig, Resources, words
from labrunner.runtime import folder
from labrunner.runtime.spec import (
    DEFAULT_SYSCTLS,
    LOG_BYTES,
    LOG_SEGMENTS,
    ContainerSpec,
    Limits,
    Network,
    Process,
    Rlimit,
    Rootfs,
)

_NETWORKS = {"none": Network.NONE, "host": Network.HOST}
_PERIOD = 100_000
_SIZE = re.compile("([0-9]{1,12})([bkmg]?)b?")
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def container(record: ContainerRecord, run: Path, rootfs: Rootfs) -> ContainerSpec:
    """What the shim gets. ApiError for what the engine does not do."""
    host, own = record.host, record.config
    return ContainerSpec(
        id=record.id,
        folder=str(run),
        rootfs=rootfs,
        process=_process(own, host),
        hostname=own.hostname,
        domainname=own.domainname,
        network=Network.NONE if own.network_disabled else _NETWORKS.get(host.network_mode, Network.PRIVATE),
        read_only=host.readonly_rootfs,
        init=bool(host.init),
        binds=mounts.binds(host),
        tmpfs=mounts.tmpfs(host),
        shm_bytes=host.shm_size,
        limits=limits(host),
        sysctls=tuple({**dict(DEFAULT_SYSCTLS), **(host.sysctls or {})}.items()),
        masked=host.masked_paths,
        readonly=host.readonly_paths,
        open_stdin=own.open_stdin,
        stdin_once=own.stdin_once,
        log_bytes=_log_bytes(host),
        log_segments=_log_segments(host),
    )


def rootfs(data: Path, run: Path, layers: Sequence[str], *, copied: bool = False) -> Rootfs:
    """The root of a container whose image has these layers, base first."""
    return Rootfs(
        layers=str(data / "layers"),
        lowers=tuple(reversed(layers)),
        upper=str(run / folder.UPPER),
        work=str(run / folder.WORK),
        copied=copied,
    )


def executed(record: ContainerRecord, body: ExecBody) -> Process:
    """A process beside the container's first one."""
    host = record.host
    privileges, seccomp = security.options(host)
    rows, columns = body.console_size or (0, 0)
    base = config.process_environment(record.config, tty=body.tty)
    added = {entry.partition("=")[0]: entry for entry in body.env or ()}
    return Process(
        args=tuple(words(body.cmd) or ()),
        env=(*(entry for entry in base if entry.partition("=")[0] not in added), *added.values()),
        cwd=posixpath.normpath(body.working_dir or record.config.working_dir or "/"),
        user=body.user or record.config.user,
        groups=tuple(host.group_add or ()),
        tty=body.tty,
        rows=rows,
        columns=columns,
        stdin=body.attach_stdin,
        capabilities=security.capabilities(host),
        no_new_privileges=privileges,
        seccomp=seccomp,
        rlimits=_rlimits(host),
    )


def limits(asked: Resources) -> Limits:
    """What the cgroup allows; 0 and, for processes, anything below 1 is no limit."""
    quota, period = asked.cpu_quota, asked.cpu_period
    if asked.nano_cpus:
        quota, period = asked.nano_cpus * _PERIOD // 10**9, _PERIOD
    return Limits(
        memory=asked.memory or None,
        memory_swap=asked.memory_swap or None,
        pids=asked.pids_limit if (asked.pids_limit or 0) > 0 else None,
        cpu_quota=quota or None,
        cpu_period=period or None,
        cpu_shares=asked.cpu_shares or None,
    )


def _process(own: Config, host: HostConfig) -> Process:
    privileges, seccomp = security.options(host)
    rows, columns = host.console_size
    return Process(
        args=(*(words(own.entrypoint) or ()), *(words(own.cmd) or ())),
        env=config.process_environment(own, tty=own.tty),
        cwd=posixpath.normpath(own.working_dir or "/"),
        user=own.user,
        groups=tuple(host.group_add or ()),
        tty=own.tty,
        rows=rows,
        columns=columns,
        stdin=own.open_stdin,
        capabilities=security.capabilities(host),
        no_new_privileges=privileges,
        seccomp=seccomp,
        rlimits=_rlimits(host),
    )


def _rlimits(host: HostConfig) -> tuple[Rlimit, ...]:
    return tuple(Rlimit(name=limit.name, soft=limit.soft, hard=limit.hard) for limit in host.ulimits or ())


def _log_bytes(host: HostConfig) -> int:
    """The size of one segment of the log, as ``max-size`` says: 10m, 512k. ApiError where that is none."""
    said = host.log_config.config.get("max-size", "")
    if not said:
        return LOG_BYTES
    match = _SIZE.fullmatch(said.lower())
    if match is None or not int(match[1]):
        raise bad_request(f"invalid value for max-size: '{said}'")
    return int(match[1]) * _UNITS[match[2]]


def _log_segments(host: HostConfig) -> int:
    said = host.log_config.config.get("max-file", "")
    if said and not (said.isdecimal() and int(said)):
        raise bad_request(f"invalid value for max-file: '{said}'")
    return int(said) if said else LOG_SEGMENTS
