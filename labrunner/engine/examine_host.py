"""Examine the host around an engine: memory, the home's disk, proxy, certificates, user namespaces."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from labrunner.engine.finding import Finding

#: What the labs need, in bytes. Of their containers mongod takes most, 65 MiB where nobody asks it anything; the rest
#: is room for the engine and for builds.
MEMORY = 512 << 20
#: What a learner's files and transcripts take, in bytes.
HOME_ROOM = 64 << 20
_GIB = 1 << 30
_CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
#: The kernel's switches for user namespaces, below /proc/sys, and the value with which each forbids them.
_SWITCHES = {
    "user/max_user_namespaces": "0",
    "kernel/unprivileged_userns_clone": "0",
    "kernel/apparmor_restrict_unprivileged_userns": "1",
}


def examine_memory(info: Mapping[str, Any]) -> Iterator[Finding]:
    """The memory that the engine's host has, and whether it can limit a container's; ``info`` is ``GET /info``."""
    total = int(info.get("MemTotal") or 0)
    if total:
        says = f"the engine's host has {total / _GIB:.1f} GiB of memory; the labs take up to {MEMORY / _GIB:.1f}"
        yield Finding("memory", blocks=total < MEMORY, says=says, next="free --human" if total < MEMORY else None)
    cgroup = f"cgroup version {info.get('CgroupVersion', '1')}"
    if info.get("MemoryLimit"):
        swap = "" if info.get("SwapLimit") else ", but not its swap"
        yield Finding("limits", blocks=False, says=f"the engine can limit a container's memory{swap} ({cgroup})")
    else:
        says = f"the engine cannot limit a container's memory ({cgroup}); a step that does so says what it cannot see"
        yield Finding("limits", blocks=False, says=says, next="docker info")


def examine_plain_registry(info: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether Podman speaks plain HTTP to a registry on its own host, as the labs' one does; Docker always does.

    ``info`` is Podman's ``GET /info``. A service that labrunner has started does, by its registries.conf.
    """
    known = (info.get("RegistryConfig") or {}).get("IndexConfigs") or {}
    if (known.get("localhost") or {}).get("Secure", True):
        says = "this service of Podman asks the labs' registry at localhost for TLS, which it does not speak"
        place = "/etc/containers/registries.conf.d/labrunner.conf"
        lines = r'[[registry]]\nlocation = "localhost"\ninsecure = true\n'
        yield Finding(
            "registry", blocks=True, says=says, next=f"printf '{lines}' | sudo tee {place}, and start it anew"
        )


def examine_home(home: Path) -> Finding:
    """Whether the home can be written, and the room where it lies."""
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        says = f"the home {home} is to be written to, and this user may not write to {there}"
        return Finding("home", blocks=True, says=says, next="labrunner doctor --home DIR, a folder you may write to")
    free = shutil.disk_usage(there).free
    says = f"{free / _GIB:.1f} GiB are free for the home {home}{'' if home.exists() else ', which is not made yet'}"
    return Finding("home", blocks=free < HOME_ROOM, says=says, next=f"df {there}" if free < HOME_ROOM else None)


def examine_proxy(info: Mapping[str, Any], environ: Mapping[str, str]) -> Finding:
    """Whether host and engine reach the world by the same way; ``info`` is ``GET /info``."""
    own = next((environ[name] for name in ("HTTPS_PROXY", "https_proxy") if environ.get(name)), "")
    engines = info.get("HttpsProxy") or info.get("HttpProxy") or ""
    if own and not engines:
        says = "this host uses an HTTPS proxy, and the engine uses none, so that its pulls may not get out"
        return Finding(
            "proxy", blocks=False, says=says, next="https://docs.docker.com/engine/daemon/proxy/ says how to set it"
        )
    users = [who for who, proxy in (("this host", own), ("the engine", engines)) if proxy]
    says = f"{' and '.join(users)} {'use' if len(users) > 1 else 'uses'} an HTTPS proxy" if users else "no proxy is set"
    return Finding("proxy", blocks=False, says=says)


def examine_certificates(environ: Mapping[str, str]) -> Iterator[Finding]:
    """The company's own authorities, where the environment names a file of them."""
    for name in _CA_VARIABLES:
        if not (file := environ.get(name)):
            continue
        if os.access(file, os.R_OK):
            yield Finding("ca", blocks=False, says=f"{name} names {file}")
        else:
            says = f"{name} names {file}, which cannot be read, so that no TLS server is trusted"
            yield Finding("ca", blocks=False, says=says, next=f"unset {name}, or name a readable file by it")


def examine_namespaces(sysctls: Path = Path("/proc/sys")) -> Finding:
    """Whether ordinary users may make user namespaces, which only an engine without root needs."""
    found = {name: (sysctls / name).read_text().strip() for name in _SWITCHES if (sysctls / name).is_file()}
    if not found:
        return Finding("userns", blocks=False, says="this kernel has no switch for user namespaces")
    forbidding = [name.replace("/", ".") for name, value in found.items() if value == _SWITCHES[name]]
    if forbidding:
        says = f"{', '.join(forbidding)} keeps ordinary users from user namespaces; only a rootless engine needs them"
        return Finding("userns", blocks=False, says=says)
    return Finding("userns", blocks=False, says="ordinary users may make user namespaces")
