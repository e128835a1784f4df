"""What Docker refuses before it makes a container, in its own words."""

from __future__ import annotations

import os
import posixpath
import re

from labrunner.daemon.errors import bad_request, not_built
from labrunner.daemon.resolve import signals
from labrunner.daemon.shapes import CreateBody, HostConfig, Resources, RestartPolicy

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_LEAST_MEMORY = 6 << 20
_CPU_PERIOD = range(1000, 1_000_001)
_LEAST_QUOTA = 1000
_NANO = 10**9
_OOM_SCORES = range(-1000, 1001)
_RESTARTS = frozenset({"", "no", "always", "unless-stopped", "on-failure"})


def name(text: str) -> str:
    """A container's name without its slash. ApiError where it is none."""
    bare = text.removeprefix("/")
    if not NAME.fullmatch(bare):
        raise bad_request(f"Invalid container name ({text}), only {NAME.pattern.removesuffix('+')} are allowed")
    return bare


def body(asked: CreateBody) -> None:
    """Refuse what makes no sense, and in one sentence what this engine does not do. ApiError."""
    for entry in asked.env or ():
        if not entry or entry.startswith("="):
            raise bad_request(f"invalid environment variable: {entry}")
    if asked.working_dir and not posixpath.isabs(asked.working_dir):
        raise bad_request(f"the working directory '{asked.working_dir}' is invalid, it needs to be an absolute path")
    if asked.stop_signal:
        signals.number(asked.stop_signal)
    resources(asked.host_config)
    restart_policy(asked.host_config.restart_policy, auto_remove=asked.host_config.auto_remove)
    if asked.host_config.shm_size < 0:
        raise bad_request("SHM size can not be less than 0")
    if asked.host_config.oom_score_adj not in _OOM_SCORES:
        raise bad_request(f"Invalid value {asked.host_config.oom_score_adj}, range for oom score adj is [-1000, 1000]")
    _unbuilt(asked.host_config)


def restart_policy(policy: RestartPolicy, *, auto_remove: bool) -> None:
    """Refuse a policy that Docker does not know or that contradicts --rm. ApiError."""
    if policy.name not in _RESTARTS:
        raise bad_request(f"invalid restart policy '{policy.name}'")
    if policy.maximum_retry_count < 0 or (policy.maximum_retry_count and policy.name != "on-failure"):
        raise bad_request(f"maximum retry count cannot be used with restart policy '{policy.name}'")
    if auto_remove and policy.name not in {"", "no"}:
        raise bad_request("can't create 'AutoRemove' container with restart policy")


def resources(asked: Resources) -> None:
    """Refuse limits that no cgroup can keep. ApiError."""
    if 0 < asked.memory < _LEAST_MEMORY:
        raise bad_request("Minimum memory limit allowed is 6MB")
    if asked.memory_swap > 0 and not asked.memory:
        raise bad_request("You should always set the Memory limit when using Memoryswap limit, see usage")
    if 0 < asked.memory_swap < asked.memory:
        raise bad_request("Minimum memoryswap limit should be larger than memory limit, see usage")
    if asked.nano_cpus and asked.cpu_quota:
        raise bad_request("Conflicting options: Nano CPUs and CPU Quota cannot both be set")
    if asked.nano_cpus and asked.cpu_period:
        raise bad_request("Conflicting options: Nano CPUs and CPU Period cannot both be set")
    processors = os.cpu_count() or 1
    if asked.nano_cpus and not _NANO // 100 <= asked.nano_cpus <= processors * _NANO:
        raise bad_request(
            f"Range of CPUs is from 0.01 to {processors}.00, as there are only {processors} CPUs available"
        )
    if asked.cpu_period and asked.cpu_period not in _CPU_PERIOD:
        raise bad_request("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
    if 0 < asked.cpu_quota < _LEAST_QUOTA:
        raise bad_request("CPU cfs quota can not be less than 1ms (i.e. 1000)")


def _unbuilt(host: HostConfig) -> None:
    refused = {
        "--privileged": host.privileged,
        "--device": host.devices or host.device_requests or host.device_cgroup_rules,
        "--volumes-from": host.volumes_from,
        "--link": host.links,
        "--pid": host.pid_mode not in {"", "private"},
        "--ipc": host.ipc_mode not in {"", "private", "shareable"},
        "--uts": host.uts_mode not in {"", "private"},
        "--network container:": host.network_mode.startswith("container:"),
    }
    for what, wanted in refused.items():
        if wanted:
            raise not_built(f"containers with {what}; run it without")
