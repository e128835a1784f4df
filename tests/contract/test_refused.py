"""Requests on containers that are refused, with Docker's status and words."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.hijack import hijack
from tests.contract.image import NAME
from tests.contract.peer import Peer

Settings = dict[str, Any]


def refused(peer: Peer, method: str, path: str, body: object = None) -> tuple[int, str]:
    """Status and words."""
    answer = peer.ask(method, path, body)
    assert answer.status >= 400, answer.body
    return answer.status, answer.says


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "json"), ("GET", "logs?stdout=1"), ("GET", "top"),
        ("POST", "start"), ("POST", "stop"), ("POST", "restart"), ("POST", "wait"),
        ("POST", "rename?name=contract-x"), ("POST", "resize?h=1&w=1"), ("DELETE", ""),
    ],
)  # fmt: skip
def test_nothing_is_done_to_no_container(peer: Peer, method: str, path: str) -> None:
    """Status 404 and its name."""
    place = f"/containers/nothing/{path}" if path else "/containers/nothing"
    assert refused(peer, method, place) == (404, "No such container: nothing")


def test_nothing_is_killed_in_no_container(peer: Peer) -> None:
    """Status 404 and, alone of all, a word more."""
    status, says = refused(peer, "POST", "/containers/nothing/kill")
    assert (status, says.lower()) == (404, "cannot kill container: nothing: no such container: nothing")


def test_attach_to_no_container_is_refused_in_the_stream(peer: Peer) -> None:
    """The words come bare behind the head, as what would have followed."""
    with hijack(peer, "/containers/nothing/attach?stream=1&stdout=1") as attached:
        assert attached.status == 404
        assert attached.read_all() == b"No such container: nothing\r\n"


def test_name_in_use_is_refused(peer: Peer) -> None:
    """At create and at rename, with the ID of the one that has it."""
    one, two = peer.create("true", name="contract-one"), peer.create("true", name="contract-two")
    says = (
        f'Conflict. The container name "/contract-one" is already in use by container "{one.id}". '
        "You have to remove (or rename) that container to be able to reuse that name."
    )
    assert refused(peer, "POST", "/containers/create?name=contract-one", {"Image": NAME}) == (409, says)
    status, words = refused(peer, "POST", f"/containers/{two.id}/rename?name=contract-one")
    assert (status, says in words) == (409, True), words


@pytest.mark.parametrize("name", ["x", "a b", "-a", "a/b", "ä"])
def test_name_that_is_none_is_refused(peer: Peer, name: str) -> None:
    """Status 400 and what is allowed."""
    answer = peer.ask("POST", f"/containers/create?name={quote(name)}", {"Image": NAME})
    assert answer.status == 400, answer.body
    assert answer.says == f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"


def test_image_that_is_not_there_is_refused(peer: Peer) -> None:
    """Status 404, and the client then pulls."""
    says = "No such image: contract-nothing:latest"
    assert refused(peer, "POST", "/containers/create", {"Image": "contract-nothing"}) == (404, says)


def test_running_container_is_not_removed(peer: Peer) -> None:
    """Status 409 and what to do."""
    container = peer.start("sleep", "1000", name="contract-runs")
    status, says = refused(peer, "DELETE", f"/containers/{container.id}")
    assert status == 409
    if peer.kind == "docker-20.10":
        assert says.startswith(f"You cannot remove a running container {container.id}. Stop the container before")
    else:
        assert says.startswith('cannot remove container "/contract-runs": container is running: stop the container')


def test_stopped_container_is_not_killed(peer: Peer) -> None:
    """Status 409 and its state."""
    container = peer.create("true")
    status, says = refused(peer, "POST", f"/containers/{container.id}/kill")
    assert status == 409
    assert says.lower() == f"cannot kill container: {container.id}: container {container.id} is not running"


def test_odd_signal_is_refused(peer: Peer) -> None:
    """Status 400."""
    container = peer.start("sleep", "1000")
    status, says = refused(peer, "POST", f"/containers/{container.id}/kill?signal=ODD")
    assert (status, says.lower().endswith("invalid signal: odd")) == (400, True)


def test_top_of_a_stopped_container_is_refused(peer: Peer) -> None:
    """Status 409."""
    container = peer.create("true")
    status, says = refused(peer, "GET", f"/containers/{container.id}/top")
    assert (status, says.lower()) == (409, f"container {container.id} is not running")


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("WorkingDir", "relative", "the working directory 'relative' is invalid, it needs to be an absolute path"),
        ("Env", ["=x"], "invalid environment variable: =x"),
        ("StopSignal", "ODD", "invalid signal: odd"),
    ],
)
def test_process_that_cannot_be_is_refused_at_create(peer: Peer, setting: str, value: object, says: str) -> None:
    """Status 400, and nothing is made."""
    status, words = refused(peer, "POST", "/containers/create", {"Image": NAME, setting: value})
    assert (status, words.lower()) == (400, says)
    assert peer.client.containers.list(all=True) == []


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"Memory": 100}, "minimum memory limit allowed is 6mb"),
        ({"Memory": 1 << 26, "MemorySwap": 1 << 25}, "minimum memoryswap limit should be larger than memory limit"),
        ({"MemorySwap": 1 << 26}, "you should always set the memory limit when using memoryswap limit"),
        ({"CpuQuota": 10}, "cpu cfs quota can not be less than 1ms (i.e. 1000)"),
        ({"CpuPeriod": 10}, "cpu cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"),
        ({"NanoCpus": -1}, "range of cpus is from 0.01 to"),
        ({"CapAdd": ["nonsense"]}, 'invalid capadd: unknown capability: "cap_nonsense"'),
        ({"CapDrop": ["nonsense"]}, 'invalid capdrop: unknown capability: "cap_nonsense"'),
        ({"ShmSize": -1}, "shm size can not be less than 0"),
        ({"OomScoreAdj": 5000}, "invalid value 5000, range for oom score adj is [-1000, 1000]"),
        ({"RestartPolicy": {"Name": "odd"}}, "invalid restart policy"),
        ({"AutoRemove": True, "RestartPolicy": {"Name": "always"}}, "can't create 'autoremove' container with restart"),
        ({"Tmpfs": {"relative": ""}}, "invalid mount path: 'relative' mount path must be absolute"),
        ({"Binds": ["/etc:relative"]}, "mount path must be absolute"),
        ({"Binds": ["/etc:/x:odd"]}, "invalid mode: odd"),
        ({"Mounts": [{"Type": "bind", "Source": "/no-such", "Target": "/x"}]}, "source path does not exist: /no-such"),
        ({"Mounts": [{"Type": "odd", "Target": "/x"}]}, "mount type unknown"),
        ({"SecurityOpt": ["odd"]}, 'invalid --security-opt 1: "odd"'),
    ],
)
def test_host_settings_that_cannot_be_are_refused_at_create(peer: Peer, settings: Settings, says: str) -> None:
    """Status 400, for some in Docker 500, and nothing is made."""
    status, words = refused(peer, "POST", "/containers/create", {"Image": NAME, "HostConfig": settings})
    assert status == 400 or (status == 500 and peer.is_docker), words
    assert says in words.lower()
    assert peer.client.containers.list(all=True) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"Image": 3}'])
def test_body_that_is_no_configuration_is_refused(peer: Peer, body: bytes) -> None:
    """Status 400."""
    answer = peer.ask("POST", "/containers/create", body, headers={"Content-Type": "application/json"})
    assert answer.status == 400 or (answer.status == 500 and peer.kind == "docker-20.10"), answer.body
    assert answer.says


@pytest.mark.parametrize(
    ("settings", "status", "code", "says"),
    [
        ({"command": ["no-such-program"]}, 400, 127, 'exec: "no-such-program": executable file not found in $PATH'),
        ({"command": ["/nothing/x"]}, 400, 127, 'exec: "/nothing/x": stat /nothing/x: no such file or directory'),
        ({"command": ["/desk/not-executable"]}, 400, 126, 'exec: "/desk/not-executable": permission denied'),
        ({"command": ["/desk"]}, 400, 126, "permission denied"),
        ({"user": "nobody-here"}, 500, 128, "unable to find user nobody-here: no matching entries in passwd file"),
        ({"user": "0:nogroup"}, 500, 128, "unable to find group nogroup: no matching entries in group file"),
        ({"user": "-1"}, 500, 128, "uids and gids must be in range 0-2147483647"),
        ({"user": "4294967296"}, 500, 128, "uids and gids must be in range 0-2147483647"),
    ],
)
def test_start_that_fails_says_why(peer: Peer, settings: Settings, status: int, code: int, says: str) -> None:
    """The container stays as created, with the code that ``docker run`` ends with, and can be removed."""
    own = {"command": ["true"], **settings}  # the parameters are every engine's
    container = peer.create(*own.pop("command"), **own)
    got, words = refused(peer, "POST", f"/containers/{container.id}/start")
    assert (got, says in words) == (status, True), words
    container.reload()
    state = container.attrs["State"]
    assert (state["Status"], state["ExitCode"], state["Pid"], says in state["Error"]) == ("created", code, 0, True)
    container.remove()


@pytest.mark.parametrize(("command", "code"), [("no-such-program", 127), ("/desk/not-executable", 126)])
def test_docker_run_ends_with_the_shells_code(peer: Peer, command: str, code: int) -> None:
    """Through the real client, which reads it from the words."""
    done = peer.docker("run", "--rm", "contract", command)
    # Before it the client may say that it waits no more.
    assert (done.returncode, "docker: Error response from daemon: " in done.stderr) == (code, True), done


def test_network_that_is_not_there_is_refused_at_start(peer: Peer) -> None:
    """Status 404."""
    container = peer.create("true", network_mode="contract-nothing")
    status, says = refused(peer, "POST", f"/containers/{container.id}/start")
    assert (status, says) == (404, "network contract-nothing not found")


def test_working_folder_that_is_a_file_is_refused(peer: Peer) -> None:
    """Whether at create, as Docker does, or at start."""
    made = peer.ask("POST", "/containers/create", {"Image": NAME, "Cmd": ["true"], "WorkingDir": "/etc/passwd"})
    if made.status == 201:
        made = peer.ask("POST", f"/containers/{made.json['Id']}/start")
    assert made.status in {400, 500}
    assert "not a directory" in made.says
