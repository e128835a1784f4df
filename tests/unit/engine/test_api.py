"""The Engine API over real sockets: unix, TCP and TLS."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest

from labrunner.engine.api import Api, ApiError, EngineUnreachable
from labrunner.model.errors import ToolError
from tests.unit.conftest import Powerless, Serve
from tests.unit.engine.conftest import Authority
from tests.unit.servers import Reply, json_reply, routes


@pytest.fixture(autouse=True)
def without_docker_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this host's user has set is not the test's."""
    for name in ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)


def test_call_names_the_version_and_quotes_path_and_query(serve: Serve, socket_folder: Path) -> None:
    """A reference keeps its slashes, colons and at sign; a filter is sent as JSON."""
    server = serve(lambda _: json_reply(["a"]), socket_folder / "engine.sock")
    path = "/images/localhost:5055/me/my app@sha256:1/json"
    assert Api(server.host).json("GET", path, filters={"label": ["x"]}, all="1") == ["a"]
    (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/v1.41/images/localhost:5055/me/my%20app@sha256:1/json")
    assert json.loads(request.query["filters"]) == {"label": ["x"]}
    assert request.query["all"] == "1"
    assert "content-type" not in request.headers


def test_body_is_sent_as_json(serve: Serve, socket_folder: Path) -> None:
    """With its type."""
    server = serve(lambda _: json_reply({"Id": "e"}, 201), socket_folder / "engine.sock")
    assert Api(server.host).json("POST", "/exec", {"Cmd": ["ls"]}) == {"Id": "e"}
    (request,) = server.requests
    assert (request.method, request.headers["content-type"]) == ("POST", "application/json")
    assert json.loads(request.body) == {"Cmd": ["ls"]}


def test_answer_without_a_body_is_none(serve: Serve, socket_folder: Path) -> None:
    """As after a removal."""
    server = serve(lambda _: Reply(status=204), socket_folder / "engine.sock")
    assert Api(server.host).json("DELETE", "/containers/a") is None


def test_bytes_are_the_body_as_it_is(serve: Serve, socket_folder: Path) -> None:
    """A stream is not text."""
    server = serve(lambda _: Reply(b"\x01\0\xff"), socket_folder / "engine.sock")
    assert Api(server.host).bytes("GET", "/containers/a/logs") == b"\x01\0\xff"


@pytest.mark.parametrize("scheme", ["tcp", "http"])
def test_engine_on_a_port_is_asked_the_same(serve: Serve, scheme: str) -> None:
    """``tcp://`` is HTTP where no TLS is demanded."""
    server = serve(routes({"/v1.41/version": {"Version": "27"}}))
    assert Api(f"{scheme}://{server.host}").json("GET", "/version") == {"Version": "27"}


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (json_reply({"message": "no space left"}, 500), "no space left"),
        (Reply(b"<h1>Bad Gateway</h1>\n", 500), "<h1>Bad Gateway</h1>"),
        (json_reply({"error": 1}, 500), '{"error": 1}'),
        (json_reply([], 500), "[]"),
    ],
)
def test_refusal_carries_status_and_words(serve: Serve, socket_folder: Path, reply: Reply, message: str) -> None:
    """The engine's message, or whatever it says instead."""
    api = Api(serve(lambda _: reply, socket_folder / "engine.sock").host)
    with pytest.raises(ApiError) as caught:
        api.json("GET", "/info")
    assert (caught.value.status, caught.value.message, str(caught.value)) == (500, message, message)
    with pytest.raises(ApiError, match=r"[a-z]|\[\]"):
        api.find("/info")


def test_object_that_is_not_there_is_none(serve: Serve, socket_folder: Path) -> None:
    """``find`` asks whether there is one."""
    api = Api(serve(routes({"/v1.41/containers/a/json": {"Id": "a"}}), socket_folder / "engine.sock").host)
    assert api.find("/containers/a/json") == {"Id": "a"}
    assert api.find("/containers/b/json") is None


def test_answer_that_is_no_json_comes_from_no_engine(serve: Serve) -> None:
    """Some web server listens on the port that was named."""
    server = serve(lambda _: Reply(b"<html>hello</html>"))
    with pytest.raises(EngineUnreachable, match=f"tcp://{server.host} was asked for /version, and .* no JSON"):
        Api(f"tcp://{server.host}").json("GET", "/version")


def test_socket_that_is_not_there_is_unreachable(socket_folder: Path) -> None:
    """With the file's name and the system's reason."""
    host = f"unix://{socket_folder}/none.sock"
    with pytest.raises(EngineUnreachable, match=f"the engine at {host} was asked for /info, .*No such file") as caught:
        Api(host).json("GET", "/info")
    assert caught.value.next == "labrunner doctor"


def test_port_without_an_engine_is_unreachable(silent_port: int) -> None:
    """Refused by the host."""
    with pytest.raises(EngineUnreachable, match="refused"):
        Api(f"tcp://127.0.0.1:{silent_port}").json("GET", "/info")


def test_engine_that_hangs_up_is_unreachable(serve: Serve, socket_folder: Path) -> None:
    """It went away in the middle."""
    server = serve(lambda _: None, socket_folder / "engine.sock")
    with pytest.raises(EngineUnreachable, match="closed connection without response"):
        Api(server.host).json("GET", "/info")


def test_engine_that_never_answers_is_unreachable_after_the_timeout(serve: Serve, socket_folder: Path) -> None:
    """A call has an end."""
    over = threading.Event()

    def wait(_: object) -> None:
        over.wait(60)

    server = serve(wait, socket_folder / "engine.sock")
    with pytest.raises(EngineUnreachable, match="timed out"):
        Api(server.host, timeout=0.1).json("GET", "/info")
    over.set()


def test_socket_that_this_user_may_not_open_is_told_with_what_lifts_it(
    serve: Serve, socket_folder: Path, powerless: Powerless
) -> None:
    """The most common first failure of all."""
    place = socket_folder / "engine.sock"
    server = serve(routes({}), place)
    place.chmod(0)
    with powerless(), pytest.raises(EngineUnreachable, match="this user may not open it") as caught:
        Api(server.host).json("GET", "/info")
    assert caught.value.next == "sudo usermod -aG docker $USER, then log out and in again"


@pytest.mark.parametrize("host", ["ssh://me@far", "npipe:////./pipe/docker_engine", "/var/run/docker.sock"])
def test_other_ways_to_an_engine_are_refused_with_a_way_round(host: str) -> None:
    """The sentence names the address and what is spoken."""
    with pytest.raises(ToolError, match="labrunner speaks unix:// and tcp:// only") as caught:
        Api(host).json("GET", "/info")
    assert host in caught.value.says
    assert not isinstance(caught.value, EngineUnreachable)


@pytest.mark.parametrize(("scheme", "demanded"), [("tcp", "1"), ("https", "")])
def test_engine_behind_tls_is_asked_with_the_users_certificate(
    serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch, scheme: str, demanded: str
) -> None:
    """DOCKER_TLS_VERIFY or ``https`` demands TLS; DOCKER_CERT_PATH has the certificates."""
    monkeypatch.setenv("DOCKER_TLS_VERIFY", demanded)
    monkeypatch.setenv("DOCKER_CERT_PATH", str(authority.folder))
    server = serve(routes({"/v1.41/version": {"Version": "27"}}), tls=authority.server())
    assert Api(f"{scheme}://{server.host}").json("GET", "/version") == {"Version": "27"}


def test_engine_whose_certificate_nobody_vouches_for_is_unreachable(
    serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Never asked in the clear instead."""
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    server = serve(routes({"/v1.41/version": {}}), tls=authority.server())
    with pytest.raises(EngineUnreachable, match="certificate verify failed"):
        Api(f"https://{server.host}").json("GET", "/version")
    assert server.requests == []


@pytest.mark.parametrize(
    ("missing", "broken"), [("key.pem", ""), ("", "ca.pem"), ("", "cert.pem")], ids=["no key", "bad ca", "bad cert"]
)
def test_certificates_that_cannot_be_read_are_told_with_their_folder(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str, broken: str
) -> None:
    """A user's broken configuration is no traceback."""
    folder = tmp_path / "certs"
    shutil.copytree(authority.folder, folder)
    if missing:
        (folder / missing).unlink()
    if broken:
        (folder / broken).write_text("no certificate\n")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(folder))
    with pytest.raises(EngineUnreachable, match=f"the certificates in {folder} cannot be read") as caught:
        Api("https://127.0.0.1:1").json("GET", "/version")
    assert caught.value.next is not None
    assert "DOCKER_CERT_PATH" in caught.value.next
