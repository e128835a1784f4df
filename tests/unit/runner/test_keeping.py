"""A real keeper with real shells."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from labrunner.model.errors import ToolError
from labrunner.runner import keeping as keeping_module
from labrunner.runner.keeper import Keeper
from labrunner.runner.keeping import Keeping
from labrunner.runner.terminal import Terminal
from tests.unit.processes import ends, waited

At = Callable[..., Terminal]


@pytest.fixture
def home(tmp_path: Path, socket_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose sockets are in a folder with a short path."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(socket_folder))
    home = tmp_path / "home"
    (home / "push").mkdir(parents=True)
    return home


@pytest.fixture
def keeping(home: Path) -> Iterator[Keeping]:
    """The home's keeper, which ends with the test."""
    keeping = Keeping(home)
    yield keeping
    keeping.stop()


@pytest.fixture
def at(keeping: Keeping, home: Path) -> Iterator[At]:
    """``at("main")`` is that terminal of the lab ``push``; it is let go of with the test."""
    with ExitStack() as stack:

        def terminal(name: str = "main") -> Terminal:
            found = keeping.terminal("push", name, home / "push", environ())
            stack.callback(found.close)
            return found

        yield terminal


def environ() -> dict[str, str]:
    """What a shell needs."""
    return {"PATH": os.environ["PATH"], "TERM": "xterm"}


def test_terminal_is_one_for_all_who_ask_for_it(home: Path, at: At) -> None:
    """What one has set, the next one finds; another name is another shell."""
    first = at()
    assert first.run("x=5; pwd") == f"{home}/push\n"
    first.close()
    again = at()
    assert again.run("echo $x") == "5\n"
    other = at("second")
    assert other.run("echo $x") == "\n"


def test_program_outlives_the_command_that_started_it(keeping: Keeping, at: At) -> None:
    """It holds its terminal, and whoever looks is told what it is; the key of another client ends it."""
    first = at()
    first.hold("bash -c 'echo up; exec sleep 600'", "up")
    first.close()
    assert waited(lambda: keeping.terminals()[0]["runs"] == "sleep 600")
    again = at()
    again.press("Ctrl-C")
    assert again.run("echo shell") == "shell\n"
    (state,) = keeping.terminals()
    assert state["runs"] is None


def test_newcomer_sees_what_was_shown(keeping: Keeping, at: At) -> None:
    """And what is typed by others from then on."""
    first = at()
    first.run("echo long-ago")
    _, connection = keeping.attach("push", "main", replay=True)
    with connection:
        seen = bytearray(connection.recv(1 << 16))
        first.run("echo just-now")
        while b"just-now\r\n" not in seen:
            seen += connection.recv(1 << 16)
    assert b"long-ago\r\n" in seen


def test_no_more_than_the_answer_is_read() -> None:
    """What follows it, in the same packet, is the terminal's."""
    keeper, client = socket.socketpair()
    with keeper, client:
        keeper.sendall(b'{"lab": "push"}\nshown')
        assert keeping_module.exchange(client, {}) == {"lab": "push"}
        assert client.recv(1 << 16) == b"shown"


def test_half_typed_line_does_not_get_in_the_way(keeping: Keeping, home: Path, at: At) -> None:
    """A learner may have begun a command there."""
    keeping.open("push", "main", home / "push", environ())
    _, connection = keeping.attach("push", "main", replay=False)
    with connection:
        connection.sendall(b"rm -rf half-typed")
        assert b"half-typed" in connection.recv(1 << 16)
        terminal = at()
        assert terminal.run("echo whole") == "whole\n"


def test_secret_is_typed_at_a_hidden_prompt_only(at: At) -> None:
    """The keeper knows whether the terminal shows what is typed."""
    terminal = at()
    line = "read -s -p 'Password: ' word; echo; echo ${#word}"
    assert terminal.run(line, secret="t0p-s3cret").splitlines()[-1] == "10"  # noqa: S106 - of this test


def test_ending_a_lab_ends_its_terminals_and_what_runs_there(keeping: Keeping, home: Path, at: At) -> None:
    """Those of other labs stay."""
    (home / "other").mkdir()
    terminal = at()
    terminal.hold("bash -c 'echo $$; exec sleep 600'", r"\d+")
    keeping.open("other", "main", home / "other", environ())
    keeping.end("push")
    assert [state["lab"] for state in keeping.terminals()] == ["other"]
    with pytest.raises(ToolError, match="its terminal has ended"):
        terminal.run("echo")


def test_shell_that_exits_is_opened_anew(keeping: Keeping, at: At) -> None:
    """``exit`` is an end, not a failure."""
    terminal = at()
    with pytest.raises(ToolError, match="has ended"):
        terminal.leave("exit")
    assert keeping.terminals() == ()
    assert at().run("echo new") == "new\n"


def test_killed_keeper_leaves_no_process_and_the_next_client_starts_another(keeping: Keeping, at: At) -> None:
    """The kernel hangs up its terminals."""
    terminal = at()
    keeper = int(terminal.run("echo $PPID"))
    shell = int(terminal.run("echo $$"))
    os.kill(keeper, signal.SIGKILL)
    assert ends(shell)
    with pytest.raises(ToolError, match="its terminal has ended"):
        terminal.run("echo")
    assert keeping.terminals() == ()
    assert at().run("echo new") == "new\n"


def test_many_clients_at_once_share_one_keeper(keeping: Keeping, home: Path) -> None:
    """Also those who find none and start one."""
    keeping.open("push", "main", home / "push", environ())
    keeping.stop()
    openers = [
        threading.Thread(target=keeping.open, args=("push", f"t{n}", home / "push", environ())) for n in range(4)
    ]
    for thread in openers:
        thread.start()
    for thread in openers:
        thread.join()
    assert {state["terminal"] for state in keeping.terminals()} == {"t0", "t1", "t2", "t3"}


def test_keeper_ends_by_itself_when_nothing_is_done(home: Path) -> None:
    """A program in a terminal keeps it longer, but not for ever."""
    path = keeping_module.socket_folder(home) / "keeper.sock"
    began = time.monotonic()
    asyncio.run(asyncio.wait_for(Keeper(idle=0.2).serve(path), 30))
    assert time.monotonic() - began >= 0.2
    assert not path.exists()


def test_visitor_who_speaks_another_language_ends_nothing(keeping: Keeping, home: Path) -> None:
    """The line is dropped with its connection."""
    keeping.open("push", "main", home / "push", environ())
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(keeping_module.socket_folder(home) / "keeper.sock"))
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert stranger.recv(100) == b""
    assert len(keeping.terminals()) == 1


def test_folder_that_others_may_enter_is_refused(home: Path) -> None:
    """What is typed there is the learner's own."""
    folder = keeping_module.socket_folder(home)
    folder.chmod(0o755)
    with pytest.raises(ToolError, match="not a folder of yours alone"):
        Keeping(home)


def test_lab_without_a_folder_is_told(keeping: Keeping, home: Path) -> None:
    """And the keeper goes on."""
    with pytest.raises(ToolError, match="there is no such folder"):
        keeping.open("missing", "main", home / "missing", environ())
    assert keeping.terminals() == ()


def test_scope_that_was_killed_is_started_anew(keeping: Keeping, tmp_path: Path) -> None:
    """At the same sockets, which the terminals know."""
    ledger = tmp_path / "ledger.jsonl"
    first = keeping.scope("unix:///nobody", ledger, ["push"])
    (pid,) = processes("labrunner.proxy", str(first.folder))
    os.kill(pid, signal.SIGKILL)
    assert ends(pid)
    assert keeping.scope("unix:///nobody", ledger, ["push"]) == first
    assert processes("labrunner.proxy", str(first.folder)) != [pid]
    keeping.stop()
    assert waited(lambda: not processes("labrunner.proxy", str(first.folder)))


def processes(*words: str) -> list[int]:
    """The PIDs of those whose command line has all these words."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if all(word.encode() in file.read_bytes().split(b"\0") for word in words):
                found.append(int(file.parent.name))
    return found
