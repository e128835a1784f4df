"""The three networks that every client asks for; there are no others yet, and bridge is private, loopback only."""

from __future__ import annotations

import hashlib
from typing import Any

from labrunner.daemon.errors import ApiError

BRIDGE = "bridge"
_DRIVERS = {"none": "null", "host": "host", BRIDGE: BRIDGE}


def identity(name: str) -> str:
    """The ID of a network, the same in every engine."""
    return hashlib.sha256(f"labrunner network {name}".encode()).hexdigest()


def endpoint() -> dict[str, Any]:
    """A container's place in a network, without an address."""
    return {
        "EndpointID": "",
        "Gateway": "",
        "IPAddress": "",
        "IPPrefixLen": 0,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": "",
    }


def all_networks(created: str) -> list[dict[str, Any]]:
    """The networks; ``created`` is a time in RFC 3339."""
    return [
        {
            "Name": name,
            "Id": identity(name),
            "Created": created,
            "Scope": "local",
            "Driver": driver,
            "EnableIPv6": False,
            "IPAM": {"Driver": "default", "Options": None, "Config": []},
            "Internal": name == BRIDGE,
            "Attachable": False,
            "Ingress": False,
            "ConfigFrom": {"Network": ""},
            "ConfigOnly": False,
            "Containers": {},
            "Options": {},
            "Labels": {},
        }
        for name, driver in _DRIVERS.items()
    ]


def require(mode: str) -> None:
    """Refuse to start on a network that there is not. ApiError."""
    if mode != "default" and mode not in _DRIVERS:
        raise ApiError(404, f"network {mode} not found")


def find(text: str, created: str) -> dict[str, Any]:
    """A network by name, ID or the beginning of one. ApiError where there is none."""
    for network in all_networks(created):
        if text == network["Name"] or (text and network["Id"].startswith(text)):
            return network
    raise ApiError(404, f"network {text} not found")
