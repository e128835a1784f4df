"""What a container runs: the client's configuration over the image's, by Docker's rules."""

from __future__ import annotations

import socket

from msgspec.structs import asdict, replace

from labrunner.daemon.errors import bad_request
from labrunner.daemon.shapes import Config, CreateBody, words

#: Docker's own, for images that set none.
DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHORT = 12


def merged(body: CreateBody, image: Config, identity: str) -> Config:
    """The configuration of a new container. ApiError where there is nothing to run.

    A new entrypoint drops the image's command; env and labels are added to the image's; the hostname is the short ID,
    or on the host's network the host's own.
    """
    fields = {name: value for name, value in asdict(body).items() if name in Config.__struct_fields__}
    own = Config(**fields)
    entrypoint, command = words(own.entrypoint), words(own.cmd)
    if not entrypoint:
        command = command or words(image.cmd)
        # [""] resets the image's entrypoint: `docker run --entrypoint ""`
        entrypoint = words(image.entrypoint) if entrypoint is None else None
    elif entrypoint == [""]:
        entrypoint = None
    if not entrypoint and not command:
        raise bad_request("No command specified")
    host = socket.gethostname() if body.host_config.network_mode == "host" else identity[:_SHORT]
    return replace(
        own,
        hostname=own.hostname or host,
        user=own.user or image.user,
        env=_environment(own.env or [], image.env or []),
        cmd=command,
        entrypoint=entrypoint,
        working_dir=own.working_dir or image.working_dir,
        labels={**(image.labels or {}), **(own.labels or {})},
        stop_signal=own.stop_signal or image.stop_signal,
        exposed_ports={**(image.exposed_ports or {}), **(own.exposed_ports or {})} or None,
        healthcheck=own.healthcheck or image.healthcheck,
        volumes={**(image.volumes or {}), **(own.volumes or {})} or None,
        shell=own.shell or image.shell,
    )


def _environment(own: list[str], image: list[str]) -> list[str]:
    """The client's variables, then those of the image that it does not set, then PATH where nobody does."""
    named = {entry.partition("=")[0] for entry in own}
    environment = [*own, *(entry for entry in image if entry.partition("=")[0] not in named)]
    if not any(entry.startswith("PATH=") for entry in environment):
        environment.append(DEFAULT_PATH)
    return environment


def process_environment(config: Config, *, tty: bool) -> tuple[str, ...]:
    """The environment of the first process and of every exec: PATH, HOSTNAME, TERM where there is a terminal.

    A variable without ``=`` was taken back by the client (``docker run -e NAME`` where NAME is not set).
    """
    own = [entry for entry in config.env or [] if "=" in entry]
    named = {entry.partition("=")[0] for entry in own}
    added = [f"HOSTNAME={config.hostname}", *(["TERM=xterm"] if tty else [])]
    path = [entry for entry in own if entry.startswith("PATH=")] or [DEFAULT_PATH]
    rest = [entry for entry in own if not entry.startswith("PATH=")]
    return (*path, *(entry for entry in added if entry.partition("=")[0] not in named), *rest)
