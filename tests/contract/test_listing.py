"""The list of containers and its filters."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

import pytest

from tests.contract.image import NAME
from tests.contract.peer import Peer
from tests.contract.waiting import until


def listed(peer: Peer, filters: dict[str, list[str]] | None = None, *, everything: bool = True) -> list[str]:
    """The names that the list has, sorted."""
    query = urllib.parse.urlencode({"all": int(everything), "filters": json.dumps(filters or {})})
    answer = peer.ask("GET", f"/containers/json?{query}")
    assert answer.status == 200, answer.body
    return sorted(row["Names"][0].lstrip("/") for row in answer.json)


@pytest.fixture
def three(peer: Peer) -> Peer:
    """One that was created, one that runs, one that ended with 3."""
    peer.create("true", name="c-created", labels={"role": "a", "empty": ""})
    peer.start("sleep", "1000", name="c-running", labels={"role": "b"})
    peer.start("sh", "-c", "exit 3", name="c-exited").wait()
    until(lambda: listed(peer, {"status": ["exited"]}) == ["c-exited"])  # Docker's list lags behind its wait
    return peer


def test_list_has_what_runs_or_all(three: Peer) -> None:
    """The newest first."""
    assert listed(three, everything=False) == ["c-running"]
    answer = three.ask("GET", "/containers/json?all=1")
    assert [row["Names"] for row in answer.json] == [["/c-exited"], ["/c-running"], ["/c-created"]]
    assert len(three.ask("GET", "/containers/json?all=1&limit=2").json) == 2


#: Values of one filter widen, different filters narrow; labels narrow too.
CHOICES: list[tuple[dict[str, list[str]], list[str]]] = [
    ({"status": ["created"]}, ["c-created"]),
    ({"status": ["exited"]}, ["c-exited"]),
    ({"status": ["created", "running"]}, ["c-created", "c-running"]),
    ({"exited": ["3"]}, ["c-exited"]),
    ({"name": ["c-r"]}, ["c-running"]),
    ({"name": ["^/c-created$"]}, ["c-created"]),
    ({"label": ["role"]}, ["c-created", "c-running"]),
    ({"label": ["role=b"]}, ["c-running"]),
    ({"label": ["role", "empty"]}, ["c-created"]),
    ({"ancestor": ["contract"]}, ["c-created", "c-exited", "c-running"]),
    ({"ancestor": ["other"]}, []),
    ({"since": ["c-created"]}, ["c-exited", "c-running"]),
    ({"before": ["c-exited"]}, ["c-created", "c-running"]),
    ({"status": ["running"], "label": ["role=a"]}, []),
    ({"network": ["none"]}, ["c-created", "c-exited", "c-running"]),
]


def test_filters_choose(three: Peer) -> None:
    """Each of them, alone and together."""
    assert [(filters, listed(three, filters)) for filters, _ in CHOICES] == CHOICES


def test_filter_by_id(three: Peer) -> None:
    """A beginning of it is enough."""
    container = three.client.containers.get("c-running")
    assert listed(three, {"id": [str(container.id)[:10]]}) == ["c-running"]


def test_filters_may_be_written_as_maps(three: Peer) -> None:
    """As the docker command sends them."""
    query = urllib.parse.urlencode({"all": 1, "filters": json.dumps({"status": {"exited": True}})})
    assert [row["Names"] for row in three.ask("GET", f"/containers/json?{query}").json] == [["/c-exited"]]


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"status": ["odd"]}, "invalid filter 'status=odd'"),
        ({"colour": ["red"]}, "invalid filter 'colour'"),
        ({"exited": ["many"]}, "invalid filter 'exited="),
    ],
)
def test_odd_filters_are_refused(peer: Peer, filters: dict[str, list[str]], says: str) -> None:
    """Status 400 or, for some in Docker 20.10, 500; the sentence is the newer Docker's."""
    query = urllib.parse.urlencode({"filters": json.dumps(filters)})
    answer = peer.ask("GET", f"/containers/json?{query}")
    if peer.kind == "docker-20.10":
        assert answer.status in {400, 500}
        return
    assert (answer.status, says in answer.says.lower()) == (400, True), answer.says


def test_row_tells_what_ps_shows(three: Peer) -> None:
    """Each key with the type that clients read."""
    rows: dict[str, dict[str, Any]] = {row["Names"][0]: row for row in three.ask("GET", "/containers/json?all=1").json}
    row = rows["/c-running"]
    image = three.client.images.get(NAME)
    assert (row["Image"], row["ImageID"], row["Command"]) == (NAME.removesuffix(":latest"), image.id, "sleep 1000") or (
        row["Image"] == NAME
    )
    assert isinstance(row["Created"], int)
    assert (row["State"], row["Labels"], row["Ports"], row["Mounts"]) == ("running", {"role": "b"}, [], [])
    assert row["Status"].startswith(("Up Less than a second", "Up 1 second", "Up "))
    assert row["HostConfig"]["NetworkMode"] == "none"
    assert list(row["NetworkSettings"]["Networks"]) == ["none"]
    assert rows["/c-exited"]["Status"].startswith("Exited (3) ")
    assert rows["/c-created"]["Status"] == "Created"


def test_size_is_told_where_it_is_asked_for(peer: Peer) -> None:
    """SizeRw is what the container wrote."""
    container = peer.start("sh", "-c", "head -c 12345 /dev/zero >/tmp/file")
    container.wait()
    row = peer.ask("GET", "/containers/json?all=1&size=1").json[0]
    assert row["SizeRw"] >= 12345
    assert row["SizeRootFs"] > row["SizeRw"]
    assert "SizeRw" not in peer.ask("GET", "/containers/json?all=1").json[0]
