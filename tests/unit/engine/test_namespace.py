"""The namespace engine as a program: where it lies, who answers there, and what is said where it does not start."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from labrunner.engine import namespace
from labrunner.engine.namespace import NamespaceEngine, is_namespace, namespace_engine, start, stop
from labrunner.model.errors import ToolError, UsageError


def test_data_lie_where_one_says_or_in_the_users_usual_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option before a variable before XDG's place."""
    environ = {"LABRUNNER_ENGINE_DATA": "/variable", "XDG_DATA_HOME": "/xdg", "HOME": "/home/me"}
    assert namespace_engine("/option", environ).data == Path("/option")
    assert namespace_engine(None, environ).data == Path("/variable")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert namespace_engine(None, {"XDG_DATA_HOME": "/xdg"}).data == Path("/xdg/labrunner")
    assert namespace_engine(None, {"HOME": "/home/me"}).host == "unix:///home/me/.local/share/labrunner/engine.sock"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert namespace_engine(None, {"HOME": "/root"}).data == Path("/var/lib/labrunner")


def test_folder_too_long_for_a_socket_is_refused_with_the_limit() -> None:
    """The kernel would only say that the path is invalid."""
    with pytest.raises(UsageError, match="at most 107 bytes"):
        namespace_engine("/" + "x" * 100, {})


def test_who_answers_is_known_by_the_socket(socket_folder: Path) -> None:
    """Without a file that says so; a socket that nobody serves is no engine."""
    engine = NamespaceEngine(socket_folder)
    assert engine.pid() is None
    with socket.socket(socket.AF_UNIX) as serving:
        serving.bind(str(engine.socket))
        serving.listen()
        assert engine.pid() == os.getpid()
        assert start(engine) is None
    assert engine.pid() is None
    assert not stop(engine)


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """With a way out."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ToolError, match=r"file/data, and it cannot be written \(Not a directory\)") as caught:
        start(NamespaceEngine(tmp_path / "file" / "data"))
    assert "--data DIR" in str(caught.value.next)


def test_daemon_that_ends_at_once_leaves_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line of its log is the sentence."""
    monkeypatch.setattr(namespace, "_arguments", lambda _: ["--socket", "s"])
    with pytest.raises(ToolError, match="arguments are required: --data"):
        start(NamespaceEngine(tmp_path / "data"))
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("version", "own"),
    [({"Components": [{"Name": "labrunner"}]}, True), ({"Components": [{"Name": "Engine"}]}, False), ({}, False)],
)
def test_own_engine_is_known_by_its_version(version: dict[str, object], *, own: bool) -> None:
    """As Podman is."""
    assert is_namespace(version) is own
