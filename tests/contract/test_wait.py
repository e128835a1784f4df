"""The conditions of ``wait``, which clients ask for before they start a container."""

from __future__ import annotations

import json
import threading

import pytest

from tests.contract.peer import Connection, Peer
from tests.contract.waiting import until


class Waiting:
    """A wait that has been sent, and whose headers have come: the engine sends them before the answer."""

    def __init__(self, peer: Peer, name: str, condition: str) -> None:
        query = f"?condition={condition}" if condition else ""
        self._connection = Connection(peer.socket)
        self._connection.request("POST", f"/containers/{name}/wait{query}")
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        self.result: dict[str, object] | None = None
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        self.result = json.loads(self._answer.read())
        self._connection.close()

    def done(self) -> dict[str, object]:
        """What it answered."""
        self._thread.join(30)
        assert self.result is not None
        return self.result


@pytest.mark.parametrize("condition", ["next-exit", "not-running", "", "removed"])
def test_wait_answers_for_a_running_container(peer: Peer, condition: str) -> None:
    """Every condition holds once it has ended and, for the last one, is gone."""
    container = peer.start("sh", "-c", "read line; exit 5", stdin_open=True, auto_remove=condition == "removed")
    waiting = Waiting(peer, str(container.id), condition)
    peer.docker("attach", str(container.id), given="\n")
    answer = waiting.done()
    assert answer["StatusCode"] == 5
    assert not answer.get("Error")


def test_wait_for_the_next_exit_can_be_asked_before_the_start(peer: Peer) -> None:
    """The headers come at once, the answer at the end."""
    container = peer.create("sh", "-c", "exit 6")
    waiting = Waiting(peer, str(container.id), "next-exit")
    assert waiting.result is None
    container.start()
    assert waiting.done()["StatusCode"] == 6


def test_wait_for_removal_can_be_asked_before_the_start(peer: Peer) -> None:
    """As ``docker run --rm`` does."""
    container = peer.create("sh", "-c", "exit 6", auto_remove=True)
    waiting = Waiting(peer, str(container.id), "removed")
    container.start()
    assert waiting.done()["StatusCode"] == 6
    until(lambda: peer.ask("GET", f"/containers/{container.id}/json").status == 404)


def test_wait_for_what_does_not_run_answers_at_once(peer: Peer) -> None:
    """With the code of the last run, or 0 before any."""
    container = peer.create("sh", "-c", "exit 2")
    assert Waiting(peer, str(container.id), "not-running").done()["StatusCode"] == 0
    container.start()
    container.wait()
    assert Waiting(peer, str(container.id), "not-running").done()["StatusCode"] == 2


def test_many_wait_for_one(peer: Peer) -> None:
    """Each gets its answer."""
    container = peer.create("sh", "-c", "exit 1")
    waiting = [Waiting(peer, str(container.id), "next-exit") for _ in range(10)]
    container.start()
    assert [each.done()["StatusCode"] for each in waiting] == [1] * 10


def test_unknown_condition_is_refused(peer: Peer) -> None:
    """Status 400; Docker 20.10 waits."""
    if peer.kind == "docker-20.10":
        pytest.skip("this engine minds no condition that it does not know")
    container = peer.create("true")
    answer = peer.ask("POST", f"/containers/{container.id}/wait?condition=never")
    assert (answer.status, answer.says) == (400, 'invalid condition: "never"')
