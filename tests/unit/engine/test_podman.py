"""How Podman's service is started: a real process with real files; what stands for Podman here fails at once."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from labrunner.engine import podman
from labrunner.engine.podman import start_podman
from labrunner.model.errors import ToolError
from tests.unit.conftest import Powerless


class Host:
    """A host whose ``podman`` prints what it was started with, and fails."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state" / "labrunner"
        self.socket = folder / "run" / "podman.sock"
        command = folder / "bin" / "podman"
        command.parent.mkdir()
        command.write_text('#!/bin/sh\necho "$@" >&2\nenv | grep ^CONTAINERS >&2\necho "it is broken" >&2\nexit 125\n')
        command.chmod(0o755)
        self.environ = {"PATH": f"{command.parent}:{os.environ['PATH']}"}

    @property
    def log(self) -> str:
        """What the service wrote."""
        return (self.state / "podman.log").read_text()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host on which the service's place is the test's, whoever runs it."""
    host = Host(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(host.state.parent))
    monkeypatch.setattr(podman, "_own_socket", lambda _: host.socket)
    return host


def test_host_without_podman_starts_nothing(host: Host) -> None:
    """So that the search goes on."""
    assert start_podman({"PATH": "/nonexistent"}) is None
    assert not host.state.exists()


def test_service_that_fails_is_told_with_its_last_words(host: Host) -> None:
    """And the whole log is where the next command shows it."""
    with pytest.raises(ToolError, match="does not answer; the end of its log: it is broken") as caught:
        start_podman(host.environ)
    assert caught.value.next == f"cat {host.state / 'podman.log'}"
    assert host.log.startswith(f"system service -t 0 unix://{host.socket}\n")


def test_socket_of_a_dead_service_is_cleared_away(host: Host) -> None:
    """It would keep the next one from listening."""
    host.socket.parent.mkdir()
    host.socket.touch()
    with pytest.raises(ToolError):
        start_podman(host.environ)
    assert not host.socket.exists()


def test_registries_of_this_host_are_marked_as_plain_http(host: Host) -> None:
    """At any port, as Docker has it; and short names are looked for at Docker's hub only."""
    with pytest.raises(ToolError):
        start_podman(host.environ)
    file = host.state / "registries.conf"
    assert f"CONTAINERS_REGISTRIES_CONF={file}\n" in host.log
    settings = tomllib.loads(file.read_text())
    assert {each["location"]: each["insecure"] for each in settings["registry"]} == {
        "localhost": True,
        "127.0.0.1": True,
    }
    assert settings["unqualified-search-registries"] == ["docker.io"]


def test_settings_of_the_user_come_first(host: Host) -> None:
    """Files that the environment names are kept, and none is written in their place."""
    mine = {"CONTAINERS_REGISTRIES_CONF": "/mine/registries.conf", "CONTAINERS_CONF": "/mine/containers.conf"}
    with pytest.raises(ToolError):
        start_podman({**host.environ, **mine})
    assert all(f"{name}={value}\n" in host.log for name, value in mine.items())
    assert [file.name for file in host.state.iterdir()] == ["podman.log"]


@pytest.mark.parametrize("may", [True, False])
def test_limits_are_set_where_root_may_not_raise_them(
    host: Host, monkeypatch: pytest.MonkeyPatch, *, may: bool
) -> None:
    """Podman's own default is higher than such a root may give."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(podman, "_may_raise_limits", lambda: may)
    with pytest.raises(ToolError):
        start_podman(host.environ)
    file = host.state / "containers.conf"
    assert file.exists() is not may
    if not may:
        limits = tomllib.loads(file.read_text())["containers"]["default_ulimits"]
        assert [limit.partition("=")[0] for limit in limits] == ["nofile", "nproc"]
        assert f"CONTAINERS_CONF={file}\n" in host.log


def test_state_folder_that_cannot_be_written_is_told(host: Host) -> None:
    """With the command that starts the service by hand."""
    host.state.parent.touch()
    with pytest.raises(ToolError, match=r"was to be started, and .* cannot be written") as caught:
        start_podman(host.environ)
    assert caught.value.next == f"podman system service -t 0 unix://{host.socket}"


def test_ordinary_user_has_the_service_in_the_runtime_folder(powerless: Powerless) -> None:
    """Without such a folder it is said what is missing."""
    with powerless():
        found = podman._own_socket({"XDG_RUNTIME_DIR": "/run/user/7"})  # noqa: SLF001 - the tests above replace it
        assert found == Path("/run/user/7/podman/podman.sock")
        with pytest.raises(ToolError, match="XDG_RUNTIME_DIR does not say"):
            podman._own_socket({})  # noqa: SLF001 - as above
