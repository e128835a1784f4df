"""The values of a lab's variables in one home: what the learner wants, what the home uses, or a free port."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Callable, Mapping

from labrunner.model.errors import ToolError, UsageError
from labrunner.model.lab import Lab
from labrunner.model.progress import Progress, exchangeable

#: How far above its default a taken port's replacement is looked for.
_PORTS_TRIED = 100
_LAST_PORT = 65535
#: Docker publishes a port in both.
_FAMILIES = (socket.AF_INET, socket.AF_INET6)
#: What a user's name and a registry may be made of: they are typed into a shell.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")


def choose_variables(
    lab: Lab, progress: Progress, wanted: Mapping[str, str], is_free: Callable[[int], bool]
) -> Mapping[str, str]:
    """The lab's variables: what the learner wants, else what this home uses, else the default or a free port."""
    for name in wanted:
        if name not in lab.variables or not exchangeable(name):
            may = [name for name in lab.variables if exchangeable(name)]
            example = f" --set {may[0]}={lab.variables[may[0]]}" if may else ""
            raise UsageError(
                f"{name} was to be set for {lab.name}, and the variables that may be set there are"
                f" {', '.join(may) or 'none'}",
                next=f"labrunner start {lab.name}{example}",
            )
        if not is_valid(name, wanted[name]):
            if not name.endswith("_port"):
                raise UsageError(
                    f"{name} was to be {wanted[name]!r}, and letters, digits and . _ : / - are what it may have",
                    next=f"labrunner start {lab.name} --set {name}={lab.variables[name]}",
                )
            raise UsageError(
                f"{name} was to be {wanted[name]!r}, and a port is a number from 1 to {_LAST_PORT}",
                next=f"labrunner start {lab.name} --set {name}={lab.variables[name]}",
            )
    _demand_one_each(lab, {**progress.of_lab(lab), **wanted}, wanted)
    chosen = {name for values in progress.variables.values() for name in values}
    before = progress.of_lab(lab)
    values = {**before, **wanted}
    for name, value in values.items():
        if name.endswith("_port") and name not in wanted and name not in chosen:
            values[name] = str(
                _free_port(int(value), {int(v) for n, v in values.items() if n != name and v.isdigit()}, is_free)
            )
    registry, port = lab.variables.get("registry"), lab.variables.get("registry_port")
    if (
        registry is not None
        and port is not None
        and values["registry"]
        in {
            registry,
            registry.replace(port, before["registry_port"]),
        }
    ):
        values["registry"] = registry.replace(port, values["registry_port"])  # the lab's own one follows its port
    return values


def _demand_one_each(lab: Lab, values: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """UsageError where a port that the learner wants is another one of the lab's: two servers cannot share it."""
    for name in wanted:
        other = next((n for n, value in values.items() if n != name and value == values[name]), None)
        if name.endswith("_port") and other is not None:
            raise UsageError(
                f"{name} was to be {wanted[name]}, and that is {other} of {lab.name}",
                next=f"labrunner start {lab.name} --set {name}={int(wanted[name]) + 1}",
            )


def is_valid(name: str, value: str) -> bool:
    """Whether an exchangeable variable may have this value, which ends up in commands."""
    return _is_port(value) if name.endswith("_port") else _WORD.fullmatch(value) is not None


def _is_port(text: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{0,4}", text) is not None and int(text) <= _LAST_PORT


def _free_port(default: int, others: set[int], is_free: Callable[[int], bool]) -> int:
    for port in range(default, default + _PORTS_TRIED):
        if port not in others and is_free(port):
            return port
    raise ToolError(
        f"a free port from {default} to {default + _PORTS_TRIED - 1} was looked for, and all are taken",
        next="ss -ltnp, then end what is not needed",
    )


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this TCP port, on every address of this host."""
    return all(_can_listen(family, port) for family in _FAMILIES)


def _can_listen(family: socket.AddressFamily, port: int) -> bool:
    """Whether the port is free in one family of addresses; a host without IPv6 has nobody who listens there."""
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family is socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(("", port))
            probe.listen(1)
    except OSError as error:
        return error.errno in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
    return True
