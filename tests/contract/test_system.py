"""The engine itself: ping, version, info, the versions of its API, and what it does not know."""

from __future__ import annotations

import os
import socket
import stat

import pytest

from tests.contract.peer import Peer


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/_ping", "/v1.24/_ping"])
def test_ping_tells_what_clients_negotiate_by(peer: Peer, method: str, path: str) -> None:
    """In headers; the body is two letters, and none for HEAD."""
    answer = peer.ask(method, path)
    assert (answer.status, answer.body) == (200, b"OK" if method == "GET" else b"")
    assert tuple(map(int, answer.headers["Api-Version"].split("."))) == peer.api
    assert answer.headers["Ostype"] == "linux"
    assert answer.headers["Docker-Experimental"] == "false"
    assert answer.headers["Server"]
    assert answer.headers["Cache-Control"] == "no-cache, no-store, must-revalidate"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Length"] == str(2 if method == "GET" else 0)


def test_version_tells_the_versions(peer: Peer) -> None:
    """Its own, its API's, the kernel's."""
    told = peer.ask("GET", "/version").json
    assert {"ApiVersion", "Arch", "Components", "GitCommit", "KernelVersion", "MinAPIVersion", "Os", "Version"} <= set(
        told
    )
    engine = told["Components"][0]
    assert (engine["Name"], engine["Version"], engine["Details"]["ApiVersion"]) == (
        "Engine",
        told["Version"],
        told["ApiVersion"],
    )
    if not peer.is_docker:
        assert (told["MinAPIVersion"], told["ApiVersion"]) == ("1.24", "1.45")


def test_info_counts(peer: Peer) -> None:
    """Containers by state, images, and what the host gives."""
    peer.create("true")
    peer.start("sleep", "1000")
    told = peer.ask("GET", "/info").json
    assert (told["Containers"], told["ContainersRunning"], told["ContainersStopped"], told["Images"]) == (2, 1, 1, 1)
    assert {
        "ID",
        "Driver",
        "CgroupDriver",
        "CgroupVersion",
        "DockerRootDir",
        "SecurityOptions",
        "ServerVersion",
    } <= set(told)
    assert (told["OSType"], told["NCPU"] > 0, told["MemTotal"] > 0) == ("linux", True, True)
    if peer.kind == "namespace-single":
        assert any("rootless" in option for option in told["SecurityOptions"])
        assert told["MemoryLimit"] is False
        assert told["Warnings"]


@pytest.mark.parametrize("version", ["1.24", "1.30", "1.41"])
def test_older_versions_of_the_api_are_spoken(peer: Peer, version: str) -> None:
    """With and without a version the answer is the same list."""
    peer.create("true")
    answer = peer.ask("GET", f"/v{version}/containers/json?all=1")
    assert (answer.status, len(answer.json)) == (200, 1)


def test_newer_version_is_refused(peer: Peer) -> None:
    """Status 400, with the newest that it speaks."""
    answer = peer.ask("GET", "/v1.99/containers/json")
    newest = ".".join(map(str, peer.api))
    says = f"client version 1.99 is too new. Maximum supported API version is {newest}"
    assert (answer.status, answer.says) == (400, says)


def test_older_version_is_refused(peer: Peer) -> None:
    """Status 400; Docker 20.10 speaks older ones."""
    if peer.kind == "docker-20.10":
        pytest.skip("this engine speaks that version")
    answer = peer.ask("GET", "/v1.23/containers/json")
    says = "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client"
    assert (answer.status, answer.says) == (400, f"{says} to a newer version")


def test_path_that_is_none_is_not_found(peer: Peer) -> None:
    """Status 404; the namespace engine says 501 where Docker has a path, and cannot know which ones it has."""
    for method, path in (("GET", "/nothing"), ("POST", "/containers/json"), ("GET", "/v1.41/")):
        answer = peer.ask(method, path)
        assert answer.status in ({404} if peer.is_docker else {404, 501})
        assert answer.says


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/build"),
        ("POST", "/volumes/create"),
        ("POST", "/networks/create"),
        ("GET", "/swarm"),
        ("POST", "/auth"),
    ],
)
def test_what_is_not_built_yet_says_so(peer: Peer, method: str, path: str) -> None:
    """Status 501 and one sentence, from the namespace engine; Docker has them."""
    if peer.is_docker:
        pytest.skip("Docker has it")
    answer = peer.ask(method, path, {})
    assert answer.status == 501
    assert answer.says.strip()
    assert "\n" not in answer.says.strip()


def test_request_that_is_no_http_is_refused(peer: Peer) -> None:
    """And the next client is served."""
    with socket.socket(socket.AF_UNIX) as odd:
        odd.settimeout(30)
        odd.connect(peer.socket)
        odd.sendall(b"GARBAGE\r\n\r\n")
        assert b" 400 " in odd.recv(4096)
    assert peer.ask("GET", "/_ping").status == 200


def test_one_connection_serves_many_requests(peer: Peer) -> None:
    """Kept alive, after refused ones too."""
    with socket.socket(socket.AF_UNIX) as kept:
        kept.settimeout(30)
        kept.connect(peer.socket)
        for path, status in (("/_ping", 200), ("/containers/nothing/json", 404), ("/_ping", 200)):
            kept.sendall(f"GET {path} HTTP/1.1\r\nHost: docker\r\n\r\n".encode())
            came = b""
            while b"\r\n\r\n" not in came:
                came += kept.recv(4096)
            head, _, rest = came.partition(b"\r\n\r\n")
            assert int(head.split()[1]) == status
            length = int(
                next(line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            )
            while len(rest) < length:
                rest += kept.recv(4096)


def test_socket_is_the_owners_alone(peer: Peer) -> None:
    """Mode 0600 for the namespace engine: who may talk to it owns its containers."""
    told = os.stat(peer.socket)  # noqa: PTH116 - as above
    assert stat.S_ISSOCK(told.st_mode)
    if not peer.is_docker:
        assert stat.S_IMODE(told.st_mode) == 0o600
