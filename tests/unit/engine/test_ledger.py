"""The ledger's file: several writers, a torn line, another engine, a file that was cleared away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.ledger import Ledger, Made
from labrunner.model.errors import ToolError
from tests.unit.conftest import Serve
from tests.unit.servers import Reply, Request, json_reply

ENGINE = Engine("unix:///nonexistent")
ONE = Made("container", "one", "/home", "push")
TWO = Made("volume", "two", "/home", "other")
IMAGE = "sha256:" + "ab" * 32


def ledger(folder: Path, engine: Engine = ENGINE) -> Ledger:
    return Ledger(folder / "state" / "ledger.jsonl", engine)


def test_what_is_made_is_known_until_it_is_forgotten(tmp_path: Path) -> None:
    """To every ledger of the file, and by home and lab."""
    writer, reader = ledger(tmp_path), ledger(tmp_path)
    writer.add(ONE, TWO)
    assert reader.made() == (ONE, TWO)
    assert reader.made("/home", "push") == (ONE,)
    assert reader.made("/elsewhere") == ()
    assert reader.find("volume", "two") == TWO
    reader.forget(ONE)
    assert writer.made() == (TWO,)


def test_another_engines_things_are_not_ours(tmp_path: Path) -> None:
    ledger(tmp_path, Engine("unix:///other")).add(ONE)
    assert ledger(tmp_path).made() == ()


def test_what_a_home_has_on_other_engines_is_counted(tmp_path: Path) -> None:
    other = ledger(tmp_path, Engine("unix:///other"))
    other.add(ONE, TWO, Made("volume", "three", "/elsewhere"))
    other.forget(TWO)
    ledger(tmp_path).add(TWO)
    assert ledger(tmp_path).elsewhere("/home") == {"unix:///other": 1}
    assert other.elsewhere("/home") == {"unix:///nonexistent": 1}


def test_call_that_was_not_answered_is_settled(tmp_path: Path, socket_folder: Path, serve: Serve) -> None:
    """By the oldest container with its label; one that made nothing is forgotten."""

    def respond(request: Request) -> Reply:
        made = call.name in request.query["filters"]
        return json_reply([{"Id": "young", "Created": 2}, {"Id": "old", "Created": 1}] if made else [])

    book = ledger(tmp_path, Engine(serve(respond, socket_folder / "engine.sock").host))
    call = book.ask("/home", "push")
    book.ask("/home", "push")
    book.settle()
    assert book.made() == (Made("container", "old", "/home", "push"),)


def test_line_torn_by_a_crash_costs_only_itself(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    book.add(ONE)
    with book.file.open("a") as file:
        file.write('{"engine": "unix:')
    assert book.made() == (ONE,)
    ledger(tmp_path).add(TWO)
    assert book.made() == (ONE, TWO)
    assert ledger(tmp_path).made() == (ONE, TWO)


def test_several_processes_write_whole_rows(tmp_path: Path) -> None:
    """Each row of each is there."""
    code = (
        "import sys; from pathlib import Path\n"
        "from labrunner.engine.engine import Engine; from labrunner.engine.ledger import Ledger, Made\n"
        "book = Ledger(Path(sys.argv[1]), Engine('unix:///nonexistent'))\n"
        "for i in range(100): book.add(Made('container', f'{sys.argv[2]}-{i}' + 'x' * 300))\n"
    )
    book = ledger(tmp_path)
    writers = [subprocess.Popen([sys.executable, "-c", code, str(book.file), str(n)]) for n in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(book.made()) == 300
    assert all(json.loads(line) for line in book.file.read_text().splitlines())


def test_swept_ledger_is_cleared_and_goes_on(tmp_path: Path, socket_folder: Path, serve: Serve) -> None:
    """What is gone already is forgotten; a reader that knew the old file reads the new one."""
    server = serve(lambda _: json_reply({"message": "no such object"}, 404), socket_folder / "engine.sock")
    book, reader = ledger(tmp_path, Engine(server.host)), ledger(tmp_path, Engine(server.host))
    book.add(ONE)
    assert reader.made() == (ONE,)
    assert book.sweep() == ()
    assert not book.file.exists()
    assert reader.made() == ()
    book.add(Made("network", "three"))
    assert reader.made() == (Made("network", "three"),)


def test_sweep_keeps_what_is_in_use_and_other_homes(tmp_path: Path, socket_folder: Path, serve: Serve) -> None:
    def respond(request: Request) -> Reply:
        if request.method == "DELETE":
            return json_reply({"message": "in use"}, 409)
        return json_reply({"Id": "one"})

    server = serve(respond, socket_folder / "engine.sock")
    book = ledger(tmp_path, Engine(server.host))
    network, other = Made("network", "one", "/home"), Made("network", "one-more", "/elsewhere")
    book.add(network, other)
    assert book.sweep("/home") == (network,)
    assert book.made() == (network, other)


def test_name_that_moved_is_somebody_elses(tmp_path: Path) -> None:
    book = ledger(tmp_path)
    book.add(Made("image", "app:latest", "/home", of=IMAGE))
    assert book.own("/home").reference("app:latest", IMAGE)
    assert not book.own("/home").reference("app:latest", "sha256:" + "cd" * 32)
    assert not book.own("/elsewhere").reference("app:latest", IMAGE)


def test_second_holder_is_refused(tmp_path: Path) -> None:
    with ledger(tmp_path).held(), pytest.raises(ToolError, match="another one of yours is going on"):
        ledger(tmp_path).held().__enter__()


def test_ledger_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, and no folder")
    with pytest.raises(ToolError, match=r"the ledger .* was to be written, and that failed"):
        ledger(tmp_path).add(ONE)


def test_ledger_is_on_the_disk_when_add_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    ledger(tmp_path).add(ONE)
    assert len(synced) == 1
