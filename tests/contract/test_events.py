"""Events: what happens, told as it happens and afterwards."""

from __future__ import annotations

import json
import threading
import time
from typing import Any
from urllib.parse import quote

from tests.contract.image import NAME
from tests.contract.peer import Connection, Peer
from tests.contract.waiting import until


def happened(peer: Peer, since: float, **filters: list[str]) -> list[dict[str, Any]]:
    """What has happened since then, until now."""
    query = f"since={since:.9f}&until={time.time():.9f}&filters={quote(json.dumps(filters))}"
    answer = peer.ask("GET", f"/events?{query}")
    assert answer.status == 200
    return [json.loads(line) for line in answer.body.splitlines()]


def test_life_of_a_container_is_told(peer: Peer) -> None:
    """Each act with its name; ``die`` with the exit code, ``kill`` with the signal."""
    since = time.time()
    container = peer.start(
        "sh",
        "-c",
        "trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done",
        name="contract-told",
        labels={"a": "b"},
    )
    until(lambda: b"ready" in container.logs())
    container.stop()
    container.rename("contract-new")
    container.remove()
    told = happened(peer, since, container=[str(container.id)])
    actions = [event["Action"] for event in told if event["Action"] not in {"attach", "detach"}]
    assert actions == ["create", "start", "kill", "die", "stop", "rename", "destroy"] or sorted(actions) == sorted(
        ["create", "start", "kill", "die", "stop", "rename", "destroy"]
    )
    by_action = {event["Action"]: event["Actor"]["Attributes"] for event in told}
    assert by_action["create"] | {"image": NAME, "name": "contract-told", "a": "b"} == by_action["create"]
    assert (by_action["die"]["exitCode"], by_action["kill"]["signal"]) == ("3", "15")
    assert (by_action["rename"]["name"], by_action["rename"]["oldName"]) == ("contract-new", "/contract-told")
    first = told[0]
    assert (first["Type"], first["status"], first["id"], first["from"], first["scope"]) == (
        "container", "create", container.id, NAME, "local",
    )  # fmt: skip
    assert first["time"] == first["timeNano"] // 10**9


def test_events_come_as_they_happen(peer: Peer) -> None:
    """The headers at once, each event when it is one, to all who listen."""
    connections = []
    came: list[list[str]] = [[], []]

    def read(which: int, answer: Any) -> None:  # noqa: ANN401 - http.client's
        for line in answer:
            if line.strip():
                came[which].append(json.loads(line)["Action"])
                if came[which][-1] == "destroy":
                    return

    readers = []
    for which in (0, 1):
        connection = Connection(peer.socket)
        connection.request("GET", "/events?filters=" + quote('{"type":["container"]}'))
        connections.append(connection)
        readers.append(threading.Thread(target=read, args=(which, connection.getresponse())))
        readers[-1].start()
    container = peer.start("true")
    container.wait()
    container.remove()
    for reader in readers:
        reader.join(30)
    for connection in connections:
        connection.close()
    wanted = ["create", "start", "die", "destroy"]
    assert [[action for action in each if action in wanted] for each in came] == [wanted, wanted]


def test_filters_choose_events(peer: Peer) -> None:
    """By type, action, label, image and container."""
    since = time.time()
    one = peer.start("true", labels={"a": "b"}, name="contract-one")
    one.wait()
    peer.create("true")
    peer.ask("POST", f"/images/{NAME}/tag?repo=contract-other&tag=v1")
    assert [event["Action"] for event in happened(peer, since, type=["image"])] == ["tag"]
    assert {event["Action"] for event in happened(peer, since, event=["create", "die"])} == {"create", "die"}
    assert {event["id"] for event in happened(peer, since, label=["a=b"])} == {one.id}
    assert {event["id"] for event in happened(peer, since, container=["contract-one"])} == {one.id}
    assert len(happened(peer, since, event=["create"], image=[NAME])) == 2


def test_exec_is_told(peer: Peer) -> None:
    """Its creation, start and end, with the command."""
    since = time.time()
    container = peer.start("sleep", "1000")
    assert container.exec_run(["sh", "-c", "exit 4"]).exit_code == 4
    until(lambda: bool(happened(peer, since, event=["exec_die"])))
    told = [event["Action"] for event in happened(peer, since, container=[str(container.id)])]
    assert "exec_create: sh -c exit 4" in told
    assert "exec_start: sh -c exit 4" in told
    assert happened(peer, since, event=["exec_die"])[0]["Actor"]["Attributes"]["exitCode"] == "4"


def test_filter_that_is_none_is_refused(peer: Peer) -> None:
    """Status 400; the older Docker says 500."""
    answer = peer.ask("GET", "/events?filters=odd")
    assert answer.status == (500 if peer.kind == "docker-20.10" else 400)
    assert answer.says
