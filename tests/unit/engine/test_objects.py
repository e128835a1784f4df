"""What an engine holds, read from the API's JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrunner.engine.objects import Container, HistoryEntry, Image, Port, is_podman, timestamp
from labrunner.engine.references import shown
from tests.unit.builders import a_container

ID = "0123456789ab" + "c" * 52


def inspected(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A running container as an engine describes it, with some of its keys exchanged."""
    return {
        "Id": ID,
        "Name": "/web",
        "Image": "sha256:feed",
        "Path": "nginx",
        "Args": ["-g", "daemon off;"],
        "State": {
            "Running": True,
            "Status": "running",
            "ExitCode": 0,
            "Error": "",
            "Pid": 4711,
            "StartedAt": "2024-05-06T07:08:09.123456789Z",
        },
        "Config": {"Image": "nginx:latest", "Tty": True},
        "HostConfig": {"Memory": 67108864, "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": ""}]}},
        "NetworkSettings": {
            "Ports": {
                "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}],
                "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "5353"}],
                "443/tcp": None,
            }
        },
        "Mounts": [
            {"Type": "volume", "Name": "data"},
            {"Type": "bind", "Source": "/srv"},
            {"Type": "volume", "Name": ""},
        ],
        **changes,
    }


def test_running_container_is_read_whole() -> None:
    """Each field from its place in the JSON."""
    container = Container.read(inspected())
    assert (container.id, container.name, container.short) == (ID, "web", "0123456789ab")
    assert (container.image, container.image_id) == ("nginx:latest", "sha256:feed")
    assert container.command == ("nginx", "-g", "daemon off;")
    assert (container.running, container.status, container.exit_code, container.error) == (True, "running", 0, "")
    assert (container.pid, container.memory, container.tty, container.volumes) == (4711, 67108864, True, ("data",))
    assert container.started == datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    assert container.ports == (
        Port(80, "tcp", "127.0.0.1", 8080),
        Port(80, "tcp", "::", 8080),
        Port(53, "udp", "127.0.0.1", 5353),
    )


def test_host_ports_are_those_of_tcp_once_each() -> None:
    """IPv4 and IPv6 are one published port to a learner; UDP answers no browser."""
    container = Container.read(inspected())
    assert container.host_ports(80) == (8080,)
    assert container.host_ports(53) == ()
    assert container.host_ports(443) == ()


def test_container_that_was_only_created_has_nothing_running() -> None:
    """Docker leaves empty strings, nulls and its zero time."""
    container = Container.read(
        inspected(
            Path=None,
            Args=None,
            State={"Running": False, "Status": "created", "Error": None, "Pid": 0, "StartedAt": "0001-01-01T00:00:00Z"},
            HostConfig={"Memory": None, "PortBindings": None},
            NetworkSettings=None,
            Mounts=None,
        )
    )
    assert (container.running, container.pid, container.started, container.age) == (False, 0, None, float("inf"))
    assert (container.ports, container.volumes, container.memory, container.command) == ((), (), 0, ("",))
    assert container.error == ""


def test_what_an_engine_leaves_out_is_empty() -> None:
    """Podman leaves out more than Docker does."""
    container = Container.read(inspected(State={}, Config={}, HostConfig={}))
    assert (container.image, container.status, container.exit_code, container.error) == ("", "", 0, "")
    assert (container.running, container.started, container.pid, container.tty) == (False, None, 0, False)
    assert (container.memory, container.ports) == (0, ())


def test_stopped_container_still_publishes_what_it_was_told_to() -> None:
    """Its network is gone; what was asked for stands in its host configuration."""
    stopped = {"Running": False, "Status": "exited", "ExitCode": 137, "Error": "killed", "StartedAt": ""}
    bindings = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}], "90/tcp": [{"HostIp": "", "HostPort": ""}]}
    container = Container.read(inspected(State=stopped, HostConfig={"PortBindings": bindings}))
    assert (container.exit_code, container.error, container.host_ports(80)) == (137, "killed", (8080,))
    assert container.ports == (Port(80, "tcp", "", 8080),)


def test_strangers_stopped_container_with_a_range_of_ports_breaks_nothing() -> None:
    """``docker run -p 8000-9000:80`` leaves the range as it was typed; every container on the engine is read."""
    bindings = {"80/tcp": [{"HostIp": "", "HostPort": "8000-9000"}]}
    container = Container.read(inspected(State={"Running": False}, HostConfig={"PortBindings": bindings}))
    assert container.ports == ()


def test_port_without_a_protocol_is_tcp() -> None:
    """As an engine may write it."""
    container = Container.read(inspected(NetworkSettings={"Ports": {"80": [{"HostPort": "8080"}]}}))
    assert container.ports == (Port(80, "tcp", "", 8080),)


def test_age_is_counted_from_the_start() -> None:
    """In seconds."""
    container = a_container("web", started=datetime.now(UTC) - timedelta(hours=1))
    assert 3600 <= container.age < 3700


def test_image_is_read_whole() -> None:
    """Each field from its place in the JSON."""
    image = Image.read(
        {
            "Id": "sha256:feed",
            "RepoTags": ["app:latest"],
            "RepoDigests": ["app@sha256:beef"],
            "RootFS": {"Layers": ["sha256:1", "sha256:2"]},
            "Config": {
                "Cmd": ["python", "app.py"],
                "ExposedPorts": {"5000/tcp": {}, "53/udp": {}},
                "Labels": {"a": "b"},
            },
            "Size": 12,
        }
    )
    assert image == Image(
        id="sha256:feed",
        tags=("app:latest",),
        digests=("app@sha256:beef",),
        layers=("sha256:1", "sha256:2"),
        command=("python", "app.py"),
        exposed=(5000, 53),
        labels={"a": "b"},
        size=12,
    )


@pytest.mark.parametrize(
    "data",
    [
        {"Id": "sha256:feed"},
        {"Id": "sha256:feed", "RepoTags": None, "RepoDigests": None, "RootFS": None, "Config": None},
        {"Id": "sha256:feed", "RootFS": {}, "Config": {"Cmd": None, "ExposedPorts": None, "Labels": None}},
    ],
)
def test_image_that_says_nothing_of_itself_has_nothing(data: dict[str, Any]) -> None:
    """Docker writes null where there is nothing, or leaves it out."""
    assert Image.read(data) == Image("sha256:feed", (), (), (), (), (), {}, 0)


def test_history_is_plain_data() -> None:
    """Two equal lines are equal, so that two images' histories can be compared."""
    assert HistoryEntry(1, "RUN a", 2) == HistoryEntry(1, "RUN a", 2)


@pytest.mark.parametrize("text", ["", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000000Z"])
def test_dockers_zero_time_is_no_time(text: str) -> None:
    """A container that never started."""
    assert timestamp(text) is None


OFFSETS = st.integers(-14 * 60, 14 * 60)
MOMENTS = st.datetimes(datetime(2013, 3, 20), datetime(2100, 1, 1))  # noqa: DTZ001 - the offset is put on in the test


@given(MOMENTS, st.integers(0, 999_999_999), st.none() | OFFSETS)
def test_time_is_read_as_go_writes_it(moment: datetime, nanoseconds: int, offset: int | None) -> None:
    """RFC 3339 with up to nine digits, without the zeros at their end; Docker in UTC, Podman in local time."""
    zone = UTC if offset is None else timezone(timedelta(minutes=offset))
    digits = f"{nanoseconds:09}".rstrip("0")
    shown = f"{moment:%Y-%m-%dT%H:%M:%S}" + (f".{digits}" if digits else "")
    if offset is None:
        shown += "Z"
    else:
        shown += f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    assert timestamp(shown) == moment.replace(microsecond=nanoseconds // 1000, tzinfo=zone)


@pytest.mark.parametrize(
    ("reference", "short"),
    [
        ("docker.io/library/nginx:latest", "nginx:latest"),
        ("index.docker.io/library/nginx", "nginx"),
        ("docker.io/student/app:1", "student/app:1"),
        ("localhost/app:latest", "app:latest"),
        ("localhost:5055/student/app@sha256:feed", "localhost:5055/student/app@sha256:feed"),
        ("nginx:latest", "nginx:latest"),
        ("quay.io/library/nginx", "quay.io/library/nginx"),
    ],
)
def test_names_are_read_as_docker_shows_them(reference: str, short: str) -> None:
    """Whatever engine tells them; a registry's name stays."""
    assert shown(reference) == short
    assert Container.read(inspected(Config={"Image": reference})).image == short
    image = Image.read({"Id": "sha256:feed", "RepoTags": [reference], "RepoDigests": [reference]})
    assert image.tags == image.digests == (short,)


def test_podman_is_known_by_its_components() -> None:
    """Docker names others, or none."""
    assert is_podman({"Components": [{"Name": "Podman Engine"}, {"Name": "Conmon"}]})
    assert not is_podman({"Components": [{"Name": "Engine"}]})
    assert not is_podman({})
