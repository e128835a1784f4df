"""Which engine is meant: real sockets that answer as Docker or Podman, in a home and a runtime folder of the test's."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from labrunner.engine import find
from labrunner.engine.api import EngineUnreachable
from labrunner.engine.find import find_engine, install_advice
from labrunner.engine.namespace import NamespaceEngine
from labrunner.model.errors import ToolError
from tests.unit.conftest import Powerless, Serve
from tests.unit.servers import Respond, json_reply, routes

NAMESPACE = {"Version": "0.1.0", "Components": [{"Name": "labrunner"}]}
PODMAN = {"Version": "4.3.1", "Components": [{"Name": "Podman Engine"}, {"Name": "Conmon"}]}


def engine(version: object = None, info: object = None) -> Respond:
    """What answers as an engine does; as Docker where nothing else is said."""
    return routes(
        {
            "/v1.41/version": version or {"Version": "27.1", "Components": [{"Name": "Engine"}]},
            "/v1.41/info": info or {"SecurityOptions": ["name=seccomp,profile=builtin"]},
        }
    )


class Host:
    """The settings of a user, with the folders in which an engine is looked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.environ = {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(folder / "run")}

    def place(self, name: str) -> Path:
        """A path below the folder, whose folders are made."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def context(self, name: str, meta: object, *, config: Path | None = None, current: bool = True) -> None:
        """Write a Docker context, and make it the current one."""
        config = config or self.home / ".docker"
        folder = config / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(json.dumps(meta))
        (config / "config.json").write_text(json.dumps({"currentContext": name} if current else {}))


def no_start(_: NamespaceEngine) -> tuple[str, ...] | None:
    """A host on which labrunner's own engine cannot run."""
    raise ToolError("a kernel without namespaces was found", next="mend it")


def at(endpoint: str) -> Mapping[str, object]:
    """What a context says of its engine."""
    return {"Name": "x", "Endpoints": {"docker": {"Host": endpoint}}}


@pytest.fixture
def host(socket_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host without an engine: this one's own sockets are not looked at, and nothing is started on it."""
    for name in ("_docker_sockets", "podman_sockets"):

        def own(environ: Mapping[str, str], real: str = name) -> Iterator[Path]:
            return (path for path in REAL[real](environ) if path.is_relative_to(socket_folder))

        monkeypatch.setattr(find, name, own)
    monkeypatch.setattr(find, "start_docker", lambda: None)
    monkeypatch.setattr(find, "start_podman", lambda _: None)
    monkeypatch.setattr(find, "start_namespace", no_start)
    for name in ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    return Host(socket_folder)


REAL = {name: getattr(find, name) for name in ("_docker_sockets", "podman_sockets")}


def test_usual_sockets_are_the_systems_the_users_and_desktops() -> None:
    """In this order; without XDG_RUNTIME_DIR there is none of the user's."""
    environ = {"HOME": "/home/me", "XDG_RUNTIME_DIR": "/run/user/1000"}
    assert [str(path) for path in REAL["_docker_sockets"](environ)] == [
        "/var/run/docker.sock",
        "/run/user/1000/docker.sock",
        "/home/me/.docker/run/docker.sock",
        "/home/me/.docker/desktop/docker.sock",
    ]
    assert [str(path) for path in REAL["podman_sockets"](environ)] == [
        "/run/user/1000/podman/podman.sock",
        "/run/podman/podman.sock",
    ]
    assert [str(path) for path in REAL["_docker_sockets"]({})][1:] == [
        "/.docker/run/docker.sock",
        "/.docker/desktop/docker.sock",
    ]
    assert [str(path) for path in REAL["podman_sockets"]({})] == ["/run/podman/podman.sock"]


def test_docker_host_comes_before_everything(host: Host, serve: Serve) -> None:
    """Even before a context and a usual socket."""
    named = serve(engine({"Version": "20.10.24"}), host.place("named.sock"))
    other = serve(engine(), host.place("home/.docker/run/docker.sock"))
    host.context("mine", at(other.host))
    facts = find_engine("auto", {**host.environ, "DOCKER_HOST": named.host})
    assert (facts.kind, facts.version, facts.rootless) == ("docker", "20.10.24", False)
    assert (facts.endpoint, facts.why) == (named.host, "DOCKER_HOST")
    assert other.requests == []


def test_docker_host_that_does_not_answer_is_not_replaced_by_another_engine(host: Host, serve: Serve) -> None:
    """Who names an engine means that one."""
    other = serve(engine(), host.place("home/.docker/run/docker.sock"))
    with pytest.raises(EngineUnreachable, match="does not answer") as caught:
        find_engine("auto", {**host.environ, "DOCKER_HOST": f"unix://{host.folder}/gone.sock"})
    assert caught.value.next == "unset DOCKER_HOST, or start the engine that it names"
    assert other.requests == []


def test_named_engine_is_the_only_place_looked_at(host: Host) -> None:
    """For every choice."""
    host.context("mine", at("unix:///mine.sock"))
    for choice in ("auto", "docker", "podman"):
        places = find._candidates(choice, {**host.environ, "DOCKER_HOST": "unix:///named.sock"})  # noqa: SLF001
        assert [place.host for place in places] == ["unix:///named.sock"]


def test_docker_host_of_another_kind_than_asked_for_is_refused(host: Host, serve: Serve) -> None:
    """With the way to ask for it."""
    named = serve(engine(PODMAN), host.place("named.sock"))
    with pytest.raises(ToolError, match=f"docker was asked for, and {named.host} is podman") as caught:
        find_engine("docker", {**host.environ, "DOCKER_HOST": named.host})
    assert caught.value.next == "labrunner doctor --engine podman"


@pytest.mark.parametrize("choice", ["auto", "docker"])
def test_current_local_context_comes_before_the_usual_sockets(host: Host, serve: Serve, choice: str) -> None:
    """As Docker's own command line has it."""
    mine, usual = serve(engine(), host.place("mine.sock")), serve(engine(), host.place("run/docker.sock"))
    host.context("mine", at(mine.host))
    facts = find_engine(choice, host.environ)
    assert (facts.endpoint, facts.why) == (mine.host, "the Docker context 'mine'")
    assert usual.requests == []


def test_context_is_named_by_variable_and_lies_in_docker_config(host: Host, serve: Serve) -> None:
    """DOCKER_CONTEXT outranks the current one; DOCKER_CONFIG is where contexts are."""
    mine, other = serve(engine(), host.place("mine.sock")), serve(engine(), host.place("other.sock"))
    config = host.folder / "config"
    host.context("mine", at(mine.host), config=config)
    host.context("other", at(other.host), config=config)
    environ = {**host.environ, "DOCKER_CONFIG": str(config)}
    assert find_engine("auto", environ).endpoint == other.host
    assert find_engine("auto", {**environ, "DOCKER_CONTEXT": "mine"}).endpoint == mine.host


@pytest.mark.parametrize("current", ["", "default"])
def test_default_context_means_the_usual_sockets(host: Host, serve: Serve, current: str) -> None:
    """Named or left out."""
    usual = serve(engine(), host.place("run/docker.sock"))
    host.context("mine", at("unix:///gone"), current=False)
    facts = find_engine("auto", {**host.environ, "DOCKER_CONTEXT": current})
    assert (facts.endpoint, facts.why) == (usual.host, "Docker's usual socket")


def test_configuration_of_docker_that_cannot_be_read_names_no_context(host: Host, serve: Serve) -> None:
    """No JSON, or no object."""
    usual = serve(engine(), host.place("run/docker.sock"))
    for content in ("{", "[]"):
        host.place("home/.docker/config.json").write_text(content)
        assert find_engine("auto", host.environ).endpoint == usual.host


def test_remote_context_has_to_be_named(host: Host, serve: Serve) -> None:
    """Labs would make containers on somebody's server; and the local engine is not taken instead."""
    remote = serve(engine())
    usual = serve(engine(), host.place("run/docker.sock"))
    endpoint = f"tcp://{remote.host}"
    host.context("production", at(endpoint))
    with pytest.raises(ToolError, match=rf"context 'production' is a remote engine \({endpoint}\)") as caught:
        find_engine("auto", host.environ)
    assert caught.value.next is not None
    assert "docker context use default" in caught.value.next
    assert remote.requests == usual.requests == []
    assert find_engine("docker", host.environ).endpoint == endpoint


@pytest.mark.parametrize("meta", [{}, {"Endpoints": None}, {"Endpoints": {"docker": {}}}, []])
def test_context_that_describes_no_engine_is_told_with_its_file(host: Host, meta: object) -> None:
    """Left behind by some tool."""
    host.context("broken", meta)
    says = r"context 'broken' was asked for, and .*meta\.json does not describe it"
    with pytest.raises(ToolError, match=says) as caught:
        find_engine("auto", host.environ)
    assert caught.value.next == "docker context use default"


def test_context_whose_engine_is_stopped_gives_way_to_a_usual_socket(host: Host, serve: Serve) -> None:
    """The first line of every report says which was taken, and why."""
    host.context("desktop", at(f"unix://{host.folder}/stopped.sock"))
    usual = serve(engine(), host.place("run/docker.sock"))
    assert find_engine("auto", host.environ).endpoint == usual.host


@pytest.mark.parametrize(
    ("place", "version", "kind", "why"),
    [
        ("run/docker.sock", None, "docker", "Docker's usual socket"),
        ("home/.docker/run/docker.sock", None, "docker", "Docker's usual socket"),
        ("home/.docker/desktop/docker.sock", None, "docker", "Docker's usual socket"),
        ("run/podman/podman.sock", PODMAN, "podman", "Podman's usual socket"),
    ],
)
def test_engine_is_found_at_its_usual_socket(
    host: Host, serve: Serve, place: str, version: object, kind: str, why: str
) -> None:
    """By ``auto`` and by its own name; not by the other one's."""
    server = serve(engine(version), host.place(place))
    for choice in ("auto", kind):
        facts = find_engine(choice, host.environ)
        assert (facts.kind, facts.endpoint, facts.why) == (kind, server.host, why)
    with pytest.raises(ToolError):
        find_engine("podman" if kind == "docker" else "docker", host.environ)


def test_docker_comes_before_podman(host: Host, serve: Serve) -> None:
    """Where both answer."""
    docker = serve(engine(), host.place("run/docker.sock"))
    podman = serve(engine(PODMAN), host.place("run/podman/podman.sock"))
    assert find_engine("auto", host.environ).endpoint == docker.host
    assert find_engine("podman", host.environ).endpoint == podman.host


def test_podman_behind_dockers_socket_is_known_as_podman(host: Host, serve: Serve) -> None:
    """podman-docker puts it there."""
    serve(engine(PODMAN), host.place("run/docker.sock"))
    assert find_engine("auto", host.environ).kind == "podman"
    with pytest.raises(ToolError, match=r"docker was asked for, and .* is podman"):
        find_engine("docker", host.environ)


@pytest.mark.parametrize(
    ("info", "rootless"),
    [
        ({"SecurityOptions": ["name=seccomp", "name=rootless"]}, True),
        ({"SecurityOptions": None}, False),
        ({}, False),
        ({"Rootless": True}, True),
    ],
)
def test_rootless_engine_is_known_as_such(
    host: Host, serve: Serve, info: Mapping[str, object], *, rootless: bool
) -> None:
    """Some things it cannot give."""
    serve(routes({"/v1.41/version": {"Version": "27"}, "/v1.41/info": info}), host.place("run/docker.sock"))
    assert find_engine("auto", host.environ).rootless is rootless


@pytest.mark.parametrize("answer", [json_reply({"message": "starting"}, 503), json_reply([]), json_reply(None)])
def test_what_answers_otherwise_than_an_engine_is_none(host: Host, serve: Serve, answer: object) -> None:
    """Then the next place is looked at; alone, it is told."""
    serve(routes({"/v1.41/version": answer, "/v1.41/info": answer}), host.place("run/docker.sock"))
    with pytest.raises(EngineUnreachable, match="was asked for its version, and"):
        find_engine("auto", host.environ)
    next_one = serve(engine(), host.place("home/.docker/run/docker.sock"))
    assert find_engine("auto", host.environ).endpoint == next_one.host


def test_first_refusal_is_told_where_no_engine_answers(host: Host, serve: Serve, powerless: Powerless) -> None:
    """That of the socket which this user may not open, with what lifts it, and not that of some other."""
    place = host.place("run/docker.sock")
    serve(engine(), place)
    place.chmod(0)
    serve(json_reply_always, host.place("run/podman/podman.sock"))
    with powerless(), pytest.raises(EngineUnreachable, match="this user may not open it") as caught:
        find_engine("auto", host.environ)
    assert caught.value.next is not None
    assert "usermod -aG docker" in caught.value.next


def test_refusal_is_told_where_podman_cannot_be_started_in_its_place(
    host: Host, serve: Serve, powerless: Powerless, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody asked for Podman; who does is told what it lacks."""
    place = host.place("home/.docker/run/docker.sock")
    serve(engine(), place)
    place.chmod(0)
    environ = {"HOME": str(host.home)}
    monkeypatch.setattr(find, "start_podman", lacks_a_place)
    with powerless(), pytest.raises(EngineUnreachable, match="this user may not open it"):
        find_engine("auto", environ)
    with pytest.raises(ToolError, match="XDG_RUNTIME_DIR does not say"):
        find_engine("podman", environ)


def lacks_a_place(_: object) -> None:
    raise ToolError("Podman's service was to be started, and XDG_RUNTIME_DIR does not say where")


def json_reply_always(_: object) -> None:
    """A server that hangs up."""


def test_installed_engine_is_started_where_none_answers(
    host: Host, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the last resort, Docker before Podman; here servers that the test started stand for them."""
    podman = serve(engine(PODMAN), host.place("podman.sock"))
    monkeypatch.setattr(find, "start_podman", lambda _: podman.host)
    facts = find_engine("auto", host.environ)
    assert (facts.endpoint, facts.why) == (podman.host, "Podman's Docker-compatible service, started by labrunner")
    with pytest.raises(ToolError, match=r"an engine was looked for \(docker\)"):
        find_engine("docker", host.environ)
    docker = serve(engine(), host.place("docker.sock"))
    monkeypatch.setattr(find, "start_docker", lambda: docker.host)
    for choice in ("auto", "docker"):
        facts = find_engine(choice, host.environ)
        assert (facts.endpoint, facts.why) == (docker.host, "an installed Docker Engine, started by labrunner")
    assert find_engine("podman", host.environ).endpoint == podman.host


def test_socket_that_a_dead_service_left_is_no_engine(
    host: Host, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers there, so the service is started."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(host.place("run/podman/podman.sock")))
    started = serve(engine(PODMAN), host.place("podman.sock"))
    monkeypatch.setattr(find, "start_podman", lambda _: started.host)
    assert find_engine("podman", host.environ).endpoint == started.host


@pytest.mark.parametrize("choice", ["auto", "docker", "podman"])
def test_host_without_an_engine_is_told_how_to_get_one(host: Host, choice: str) -> None:
    """A file of the usual name that is no socket is no engine."""
    host.place("run/docker.sock").write_text("")
    with pytest.raises(ToolError, match=rf"looked for \({choice}\), and none answers on this host") as caught:
        find_engine(choice, host.environ)
    assert caught.value.next == install_advice(choice)


@pytest.mark.parametrize(("debian", "word"), [(True, "apt-get install"), (False, "install Docker")])
def test_advice_fits_the_host(monkeypatch: pytest.MonkeyPatch, word: str, *, debian: bool) -> None:
    """A package where there is one."""
    monkeypatch.setattr(Path, "exists", lambda path: debian if str(path) == "/etc/debian_version" else None)
    assert word in install_advice()


def test_own_engine_is_the_last_resort_and_is_started(
    host: Host, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for by name or found by ``auto``; a server that the test started stands for it."""
    serve(engine(NAMESPACE), host.place("data/engine.sock"))
    monkeypatch.setattr(find, "start_namespace", lambda _: ())
    environ = {**host.environ, "LABRUNNER_ENGINE_DATA": str(host.folder / "data")}
    for choice in ("auto", "namespace"):
        facts = find_engine(choice, environ)
        assert (facts.kind, facts.why) == ("namespace", "labrunner's own engine, started now")
    monkeypatch.setattr(find, "start_namespace", lambda _: None)
    assert find_engine("namespace", environ).why == "labrunner's own engine"
    docker = serve(engine(), host.place("run/docker.sock"))
    assert find_engine("auto", environ).endpoint == docker.host
    assert find_engine("namespace", environ).kind == "namespace"


def test_own_engine_that_does_not_start_says_why(host: Host) -> None:
    """Asked for by name its own words are all; ``auto`` would rather have another engine."""
    with pytest.raises(ToolError, match=r"^a kernel without") as caught:
        find_engine("namespace", host.environ)
    assert caught.value.next == "mend it"
    with pytest.raises(ToolError, match="labrunner's own does not start: a kernel without"):
        find_engine("auto", host.environ)
