"""``--change``: instructions of a Dockerfile that change a new image's configuration, for import and commit."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

import msgspec

from labrunner.daemon.errors import bad_request


def applied(config: dict[str, Any], instructions: Iterable[str]) -> dict[str, Any]:
    """The configuration with these instructions obeyed. ApiError for others."""
    changed = dict(config)
    for instruction in instructions:
        word, _, rest = instruction.strip().partition(" ")
        rest = rest.strip()
        match word.upper():
            case "CMD":
                changed["Cmd"] = _command(rest)
            case "ENTRYPOINT":
                changed["Entrypoint"] = _command(rest)
            case "ENV":
                names, kept = _pairs(rest), changed.get("Env") or []
                kept = [entry for entry in kept if entry.partition("=")[0] not in names]
                changed["Env"] = [*kept, *(f"{name}={value}" for name, value in names.items())]
            case "LABEL":
                changed["Labels"] = {**(changed.get("Labels") or {}), **_pairs(rest)}
            case "EXPOSE":
                ports = {port if "/" in port else f"{port}/tcp": {} for port in rest.split()}
                changed["ExposedPorts"] = {**(changed.get("ExposedPorts") or {}), **ports}
            case "USER":
                changed["User"] = rest
            case "WORKDIR":
                changed["WorkingDir"] = rest
            case "STOPSIGNAL":
                changed["StopSignal"] = rest
            case "VOLUME":
                volumes = {path: {} for path in _words(rest)}
                changed["Volumes"] = {**(changed.get("Volumes") or {}), **volumes}
            case _:
                raise bad_request(f"{word.lower()} is not a valid change command")
    return changed


def _command(text: str) -> list[str]:
    """The JSON form, or the words of the shell form."""
    return _json(text) or ["/bin/sh", "-c", text]


def _words(text: str) -> list[str]:
    return _json(text) or text.split()


def _json(text: str) -> list[str] | None:
    try:
        return msgspec.json.decode(text, type=list[str])
    except msgspec.MsgspecError:
        return None


def _pairs(text: str) -> dict[str, str]:
    """NAME=VALUE …, or NAME VALUE."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise bad_request(f"{text}: {error}") from None
    if words and "=" not in words[0]:
        name, _, value = text.partition(" ")
        return {name: value}
    return {name: value for name, _, value in (word.partition("=") for word in words)}
