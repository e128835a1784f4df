"""``--change``: instructions of a Dockerfile that change a new image's configuration, for import and commit."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from labrunner.daemon.errors import bad_request

Config = dict[str, Any]


def applied(config: Config, instructions: Iterable[str]) -> Config:
    """The configuration with these instructions obeyed. ApiError for others."""
    changed = dict(config)
    for instruction in instructions:
        word, _, rest = instruction.strip().partition(" ")
        change = _CHANGES.get(word.upper())
        if change is None:
            raise bad_request(f"{word.lower()} is not a valid change command")
        change(changed, rest.strip())
    return changed


def _env(config: Config, text: str) -> None:
    pairs = _pairs(text)
    kept = [entry for entry in config.get("Env") or [] if entry.partition("=")[0] not in pairs]
    config["Env"] = [*kept, *(f"{name}={value}" for name, value in pairs.items())]


def _add(config: Config, field: str, more: dict[str, Any]) -> None:
    config[field] = {**(config.get(field) or {}), **more}


def _ports(text: str) -> dict[str, Any]:
    return {port if "/" in port else f"{port}/tcp": {} for port in text.split()}


_CHANGES: Mapping[str, Callable[[Config, str], None]] = {
    "CMD": lambda config, text: config.update(Cmd=_command(text)),
    "ENTRYPOINT": lambda config, text: config.update(Entrypoint=_command(text)),
    "ENV": _env,
    "EXPOSE": lambda config, text: _add(config, "ExposedPorts", _ports(text)),
    "LABEL": lambda config, text: _add(config, "Labels", _pairs(text)),
    "STOPSIGNAL": lambda config, text: config.update(StopSignal=text),
    "USER": lambda config, text: config.update(User=text),
    "VOLUME": lambda config, text: _add(config, "Volumes", {path: {} for path in _words(text)}),
    "WORKDIR": lambda config, text: config.update(WorkingDir=text),
}


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
