"""The files that a container sees as /etc/hostname, /etc/hosts and /etc/resolv.conf, written into its run folder."""

from __future__ import annotations

from pathlib import Path

from labrunner.daemon.records import ContainerRecord
from labrunner.runtime import folder

_HOSTS = """127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
ff00::0\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
"""
_HOST_HOSTS, _HOST_RESOLV_CONF = Path("/etc/hosts"), Path("/etc/resolv.conf")


def write(record: ContainerRecord, run: Path) -> None:
    """Write the three files. OSError where the disk is full."""
    own, host = record.config, record.host
    on_host = host.network_mode == "host"
    full = f"{own.hostname}.{own.domainname}" if own.domainname else own.hostname
    hosts = _read(_HOST_HOSTS) if on_host else _HOSTS
    names = f"{full} {own.hostname}" if own.domainname else own.hostname
    hosts += "" if on_host else f"127.0.0.1\t{names}\n"
    for entry in host.extra_hosts or ():
        name, _, address = entry.partition(":")
        hosts += f"{address}\t{name}\n"
    for name, content in (
        (folder.HOSTNAME, f"{own.hostname}\n"),
        (folder.HOSTS, hosts),
        (folder.RESOLV_CONF, _resolv_conf(record)),
    ):
        (run / name).write_text(content, encoding="utf-8")
        (run / name).chmod(0o644)  # whatever the daemon's umask


def _resolv_conf(record: ContainerRecord) -> str:
    """The host's, or what ``--dns`` and its like say."""
    host = record.host
    if not (host.dns or host.dns_search or host.dns_options):
        return _read(_HOST_RESOLV_CONF)
    lines = [f"nameserver {address}" for address in host.dns or ()]
    lines += [f"search {' '.join(host.dns_search)}"] if host.dns_search else []
    lines += [f"options {' '.join(host.dns_options)}"] if host.dns_options else []
    return "".join(f"{line}\n" for line in lines)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
