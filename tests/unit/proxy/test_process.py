"""The scope as a process: it comes up, tells of an engine that is away, and leaves nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from labrunner.engine.api import Api, ApiError
from labrunner.engine.engine import Engine
from labrunner.engine.ledger import CALL_LABEL, Ledger, Made
from labrunner.model.errors import ToolError
from labrunner.proxy.start import start_scope
from tests.unit.conftest import Serve
from tests.unit.servers import Reply, Request, json_reply


def test_engine_that_is_away_is_told_in_one_sentence(socket_folder: Path, tmp_path: Path) -> None:
    """502 with a message, for a call that is passed on and for one that needs a look first."""
    engine = f"unix://{socket_folder}/nobody.sock"
    with start_scope(engine, tmp_path / "ledger.jsonl", tmp_path, socket_folder, ["push"]) as scope:
        for method, path in (("GET", "/info"), ("DELETE", "/containers/a"), ("POST", "/session")):
            with pytest.raises(ApiError) as caught:
                Api(scope.host("push")).json(method, path)
            assert caught.value.status == 502
            assert "does not answer" in caught.value.message
    assert list(socket_folder.iterdir()) == []


def test_engine_that_hangs_up_is_told(socket_folder: Path, tmp_path: Path, serve: Serve) -> None:
    server = serve(lambda _: None, socket_folder / "engine.sock")
    with start_scope(server.host, tmp_path / "ledger.jsonl", tmp_path, socket_folder, ["push"]) as scope:
        with pytest.raises(ApiError, match="closed the connection without an answer") as caught:
            Api(scope.host("push")).json("GET", "/info")
        assert caught.value.status == 502


def test_each_lab_has_its_socket(socket_folder: Path, tmp_path: Path, serve: Serve) -> None:
    server = serve(lambda _: json_reply({"ID": "engine"}), socket_folder / "engine.sock")
    with start_scope(server.host, tmp_path / "ledger.jsonl", tmp_path, socket_folder, ["a", "b"]) as scope:
        assert [Api(scope.host(lab)).json("GET", "/info") for lab in ("a", "b")] == [{"ID": "engine"}] * 2


def test_path_that_is_too_long_is_told_with_both_numbers(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    with (
        pytest.raises(ToolError, match="107 bytes at most, not"),
        start_scope("unix:///nobody", tmp_path / "ledger.jsonl", tmp_path, folder, ["push"]),
    ):
        pass


def test_terminated_scope_removes_its_sockets(socket_folder: Path, tmp_path: Path) -> None:
    words = [
        "--engine",
        "unix:///nobody",
        "--ledger",
        str(tmp_path / "l"),
        "--home",
        "/h",
        "--folder",
        str(socket_folder),
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "labrunner.proxy", *words, "push"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert [path.name for path in socket_folder.iterdir()] == ["push.sock"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert list(socket_folder.iterdir()) == []


@pytest.mark.parametrize("status", [201, 409, None])
def test_call_for_a_container_is_recorded_before_the_engine_has_it(
    socket_folder: Path, tmp_path: Path, serve: Serve, status: int | None
) -> None:
    """Then its answer takes the call's place; where the engine refuses nothing is left, where it hangs up the call."""
    seen: list[tuple[Made, str]] = []

    def respond(request: Request) -> Reply | None:
        if not request.path.endswith("/containers/create"):
            return json_reply({"message": "no such object"}, 404)
        seen.append((*ledger.made(), json.loads(request.body)["Labels"][CALL_LABEL]))
        return None if status is None else json_reply({"Id": "one", "message": "in use"}, status)

    server = serve(respond, socket_folder / "engine.sock")
    ledger = Ledger(tmp_path / "ledger.jsonl", Engine(server.host))
    with (
        start_scope(server.host, ledger.file, Path("/home"), socket_folder, ["push"]) as scope,
        suppress(ApiError),
    ):
        Api(scope.host("push")).json("POST", "/containers/create", {"Image": "nginx"})
    ((call, label),) = seen
    assert call == Made("call", label, "/home", "push")
    left = {201: (Made("container", "one", "/home", "push"),), 409: (), None: (call,)}
    assert ledger.made() == left[status]
