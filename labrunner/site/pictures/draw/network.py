"""Two containers on the bridge, and the port of the host that leads to one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labrunner.site.pictures.picture import Picture
from labrunner.site.pictures.shapes import Arrow, Box, Look, Row, Text

Endpoint = Mapping[str, Any]


def network(recorded: Mapping[str, Any]) -> Picture:
    """What ``record.separation.network`` saw."""
    bridge, containers = recorded["bridge"], recorded["containers"]
    return Picture(
        "The network of two containers",
        f"The bridge {bridge['name']} of the host has the address {bridge['address']} in {bridge['subnet']}. "
        + " ".join(map(_told, containers)),
        (
            Box(
                (
                    Text("The host's network namespace", bold=True),
                    Row(tuple(map(_port, containers))),
                    Box(
                        (
                            Text(f"bridge {bridge['name']}", bold=True, centred=True),
                            Text(f"{bridge['address']} in {bridge['subnet']}", size=12, centred=True),
                        )
                    ),
                    Row(tuple(map(_host_end, containers))),
                )
            ),
            Row(tuple(Arrow("a pair", both=True) for _ in containers)),
            Row(tuple(map(_container, containers))),
        ),
    )


def _port(end: Endpoint) -> Box:
    if end["published"] is None:
        return Box((Text("no port", bold=True), Text("only the bridge leads there", size=12)), Look.DASHED)
    return Box(
        (
            Text(f"port {end['published']}", bold=True),
            Text(f"published: leads to {end['address']}, port {end['listens']}", size=12),
        ),
        Look.STRONG,
    )


def _host_end(end: Endpoint) -> Box:
    peer = end["peer"]
    return Box((Text(peer["name"], size=12, mono=True), Text(f"interface {peer['index']}", size=12)))


def _container(end: Endpoint) -> Box:
    return Box(
        (
            Box((Text("eth0", size=12, mono=True), Text(f"interface {end['index']}", size=12))),
            Text(end["address"], bold=True),
            Text(f"nginx on port {end['listens']}", size=12),
            Text("a network namespace of its own", size=12),
        ),
        Look.PLAIN if end["published"] is None else Look.STRONG,
    )


def _told(end: Endpoint) -> str:
    port = end["published"]
    reached = f"port {port} of the host leads there" if port else "no port of the host leads there"
    return (
        f"The container {end['address']} has eth0 (interface {end['index']}), paired with {end['peer']['name']} "
        f"(interface {end['peer']['index']}) on the bridge; nginx listens on its port {end['listens']}, and {reached}."
    )
