"""Binds and mounts: ``--volume``, ``--mount`` and ``--tmpfs`` as values, and Docker's refusals of odd ones."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from labrunner.daemon.errors import ApiError, bad_request, not_built
from labrunner.daemon.shapes import HostConfig, Mount
from labrunner.runtime.spec import Bind, Tmpfs

_VOLUME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_PROPAGATION = frozenset({"rprivate", "private", "rslave", "slave", "rshared", "shared"})
_MODES = frozenset({"rw", "ro", "z", "Z", "nocopy", "consistent", "cached", "delegated"}) | _PROPAGATION


def binds(host: HostConfig) -> tuple[Bind, ...]:
    """All binds. ApiError for what is none, and for volumes, which this engine does not have."""
    found = [_bind(entry) for entry in host.binds or ()]
    found += [_mounted(mount) for mount in host.mounts or () if mount.type == "bind"]
    targets = [bind.target for bind in found]
    for target in targets:
        if targets.count(target) > 1:
            raise bad_request(f"Duplicate mount point: {target}")
    return tuple(found)


def tmpfs(host: HostConfig) -> tuple[Tmpfs, ...]:
    """All file systems in memory. ApiError for what is none."""
    return tuple(_tmpfs(host))


def make_sources(host: HostConfig) -> None:
    """Make the folders that ``--volume`` names and nobody made, as Docker does. ApiError where it may not."""
    for entry in host.binds or ():
        source = Path(entry.split(":")[0])
        try:
            source.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            continue  # a file, a socket
        except OSError as error:
            raise bad_request(
                f"error while creating mount source path '{source}': mkdir {source}: {(error.strerror or '').lower()}"
            ) from None


def _bind(entry: str) -> Bind:
    source, _, rest = entry.partition(":")
    target, _, mode = rest.partition(":")
    if not rest or ":" in mode:
        raise _volumes(entry) if not rest else bad_request(f"invalid volume specification: '{entry}'")
    modes = {word for word in mode.split(",") if word}
    if modes - _MODES or {"ro", "rw"} <= modes:
        raise bad_request(f"invalid mode: {mode}")
    if not source.startswith("/"):
        raise _named(source)
    _check_target(target, f"invalid volume specification: '{entry}': ")
    return Bind(source=posixpath.normpath(source), target=posixpath.normpath(target), read_only="ro" in modes)


def _mounted(mount: Mount) -> Bind:
    wrong = 'invalid mount config for type "bind": '
    if not mount.source:
        raise bad_request(f"{wrong}field Source must not be empty")
    if not mount.source.startswith("/"):
        raise bad_request(f"{wrong}invalid mount path: '{mount.source}' mount path must be absolute")
    _check_target(mount.target, "")
    if not Path(mount.source).exists():
        raise bad_request(f"{wrong}bind source path does not exist: {mount.source}")
    return Bind(
        source=posixpath.normpath(mount.source), target=posixpath.normpath(mount.target), read_only=mount.read_only
    )


def _tmpfs(host: HostConfig) -> Iterator[Tmpfs]:
    for target, options in (host.tmpfs or {}).items():
        _check_target(target, "")
        yield Tmpfs(target=posixpath.normpath(target), options=options)
    for mount in host.mounts or ():
        if mount.type == "tmpfs":
            _check_target(mount.target, "")
            asked = mount.tmpfs_options or {}
            size, mode = asked.get("SizeBytes"), asked.get("Mode")
            said = [f"size={size}"] if size else []
            said += [f"mode={mode:o}"] if mode else []
            said += ["ro"] if mount.read_only else []
            yield Tmpfs(target=posixpath.normpath(mount.target), options=",".join(said))
        elif mount.type != "bind":
            raise (
                _volumes(mount.source or mount.target)
                if mount.type == "volume"
                else bad_request(f'mount type unknown: "{mount.type}"')
            )


def _check_target(target: str, where: str) -> None:
    wrong = f'{where}invalid mount config for type "bind": '
    if not target.startswith("/"):
        raise bad_request(f"{wrong}invalid mount path: '{target}' mount path must be absolute")
    if posixpath.normpath(target) == "/":
        raise bad_request(f"{wrong}invalid specification: destination can't be '/'")


def _named(source: str) -> ApiError:
    if not _VOLUME.fullmatch(source):
        return bad_request(
            f'create {source}: "{source}" includes invalid characters for a local volume name, only '
            '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path'
        )
    return _volumes(source)


def _volumes(name: str) -> ApiError:
    return not_built(f"volumes ({name}); bind a folder of the host by its absolute path")
