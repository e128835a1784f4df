"""The same file system as an ordinary user, who may not become root on the host: finished in a container.

mmdebstrap needs subordinate ids for it. Here the host's apt only resolves and downloads; the packages' files are laid
out as this user, and become a first image; in a container of it, where one is root, dpkg installs the same packages in
earnest, and what comes of that is the base. The container takes and gives by one folder of the host's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

import docker

from labrunner.engine.base_system import BASE_NAME
from labrunner.engine.host_settings import CA_BUNDLE, proxies
from labrunner.engine.making import Progress, Say, failure
from labrunner.model.errors import ToolError

_SEED = "labrunner/stand-in-seed:latest"
#: As mmdebstrap's variant ``minbase``, with ps and top.
_PACKAGES = ("?essential", "?priority(required)", "apt", "procps", "usr-is-merged")
_TOOLS = ("apt-get", "dpkg-deb", "tar")
#: Links of a file system whose /bin is /usr/bin, which have to be there before the first package is.
_MERGED = ("bin", "sbin", "lib", "lib64")
_INSTALL = """\
set -e
export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes
mkdir -p /var/lib/dpkg/info /var/lib/dpkg/updates
: >/var/lib/dpkg/status
: >/var/lib/dpkg/available
dpkg --force-depends --force-unsafe-io --install /exchange/cache/archives/*.deb
sh /exchange/customize.sh "" $(test ! -e /exchange/ca.crt || echo /exchange/ca.crt)
tar --one-file-system --exclude=./exchange --exclude=./etc/hostname --exclude=./etc/hosts --exclude=./etc/resolv.conf \\
    --directory=/ --create --file=/exchange/base.tar .
"""


def base_in_container(client: docker.DockerClient, customize: Path, archive: Path, say: Say) -> None:
    """Write the base's file system to ``archive``; ToolError with the tool that failed and its words."""
    for tool in _TOOLS:
        if shutil.which(tool) is None:
            raise ToolError(
                f"stand-ins are made of Debian packages, and {tool} is not on this host",
                next="labrunner images prepare, where a hub can be asked",
            )
    exchange = archive.parent / "exchange"
    exchange.mkdir()
    _fetch(exchange, say)
    shutil.copy(customize, exchange / "customize.sh")
    if CA_BUNDLE.exists():
        shutil.copy(CA_BUNDLE, exchange / "ca.crt")
    say(Progress(BASE_NAME, "lay out the packages", None))
    seed = _lay_out(exchange)
    client.api.import_image(str(seed), repository=_SEED)
    try:
        _install(client, exchange, say)
    finally:
        client.api.remove_image(_SEED, force=True)
    (exchange / "base.tar").rename(archive)


def _fetch(exchange: Path, say: Say) -> None:
    """Download the packages, by the host's own apt configuration, into a cache of our own."""
    for folder in ("cache/archives/partial", "lists/partial"):
        (exchange / folder).mkdir(parents=True)
    (exchange / "status").touch()  # nothing is installed where these go
    options = [
        f"Dir::State::status={exchange}/status",
        f"Dir::State::extended_states={exchange}/extended",
        f"Dir::State::lists={exchange}/lists",
        f"Dir::Cache={exchange}/cache",
        "Debug::NoLocking=true",
    ]
    apt = ["apt-get", "--quiet=2", *(word for option in options for word in ("--option", option))]
    say(Progress(BASE_NAME, "ask for the packages", None))
    _run([*apt, "update"])
    say(Progress(BASE_NAME, "download the packages", None))
    _run([*apt, "--yes", "--no-install-recommends", "--download-only", "install", *_PACKAGES])


def _lay_out(exchange: Path) -> Path:
    """The files of all packages as a tar; their owners do not matter yet."""
    root = exchange / "root"
    for name in _MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for package in sorted((exchange / "cache/archives").glob("*.deb")):
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as reading:  # noqa: S603, S607 - the host's own
            _run(
                ["tar", "--extract", "--preserve-permissions", "--keep-directory-symlink", "--directory", str(root)],
                reading.stdout,
            )
        if reading.returncode:
            raise failure(BASE_NAME, "dpkg-deb", [f"{package.name} cannot be read"])
    (root / "exchange").mkdir()
    seed = exchange / "seed.tar"
    _run(["tar", "--create", "--file", str(seed), "--directory", str(root), "."])
    shutil.rmtree(root)
    return seed


def _install(client: docker.DockerClient, exchange: Path, say: Say) -> None:
    say(Progress(BASE_NAME, "install the packages", None))
    container = client.api.create_container(
        _SEED,
        ["sh", "-c", _INSTALL],
        host_config=client.api.create_host_config(binds=[f"{exchange}:/exchange"], network_mode="none"),
    )["Id"]
    try:
        client.api.start(container)
        if client.api.wait(container)["StatusCode"]:
            lines = client.api.logs(container, tail=20).decode(errors="replace").splitlines()
            raise failure(BASE_NAME, "dpkg in a container", lines)
    finally:
        client.api.remove_container(container, force=True)


def _run(command: Sequence[str], standard_input: int | IO[bytes] | None = subprocess.DEVNULL) -> None:
    done = subprocess.run(  # noqa: S603 - tools of the host's
        command, stdin=standard_input, capture_output=True, text=True, check=False, env={**os.environ, **proxies()}
    )
    if done.returncode:
        raise failure(BASE_NAME, command[0], _told(done.stderr, done.stdout))


def _told(*texts: str) -> Iterable[str]:
    return [line for text in texts for line in text.splitlines()]
