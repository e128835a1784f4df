"""What is typed at the real docker command on a terminal, and what it shows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pexpect
import pytest

from tests.contract.hijack import hijack
from tests.contract.peer import Peer
from tests.contract.waiting import until

PROMPT = "READY> "
DETACH = "\x10\x11"  # Ctrl-P Ctrl-Q


@contextlib.contextmanager
def typing(peer: Peer, *arguments: str) -> Iterator[pexpect.spawn[str]]:
    """A terminal with the docker command in it, which ends with the test."""
    terminal = peer.typed(*arguments)
    try:
        yield terminal
    finally:
        terminal.close(force=True)


def shell(*arguments: str) -> tuple[str, ...]:
    """A bash in a container, with a prompt of its own, that reads no settings."""
    return ("run", "-it", "--network", "none", "--env", f"PS1={PROMPT}", *arguments, "contract", "bash", "--norc")


def test_shell_is_talked_to(peer: Peer) -> None:
    """``docker run -it``: echo, answer, and the shell's own code at its end."""
    with typing(peer, *shell("--rm")) as terminal:
        terminal.expect_exact(PROMPT)
        terminal.sendline("echo $((6*7)); tty; stty size")
        terminal.expect_exact("42\r\n/dev/pts/0\r\n30 100\r\n")
        terminal.sendline("exit 5")
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.exitstatus == 5
    until(lambda: peer.client.containers.list(all=True) == [])


def test_interrupt_reaches_the_process_inside(peer: Peer) -> None:
    """Ctrl-C ends what runs in the foreground, not the shell; job control works."""
    with typing(peer, *shell()) as terminal:
        terminal.expect_exact(PROMPT)
        terminal.sendline("sleep 1000; echo code $?")
        until(lambda: any("sleep 1000" in row[-1] for row in peer.client.containers.list()[0].top()["Processes"]))
        terminal.sendintr()
        terminal.expect_exact(PROMPT)
        terminal.sendline("echo $?")
        terminal.expect_exact("130\r\n")
        terminal.sendline("sleep 1000 & jobs")
        terminal.expect_exact("Running")


def test_detach_keys_leave_it_running(peer: Peer) -> None:
    """Ctrl-P Ctrl-Q; attached again, it is the same shell."""
    with typing(peer, *shell("--name", "contract-typed")) as terminal:
        terminal.expect_exact(PROMPT)
        terminal.sendline("kept=yes")
        terminal.expect_exact(PROMPT)
        terminal.send(DETACH)
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.exitstatus == 0
    container = peer.client.containers.get("contract-typed")
    assert container.status == "running"
    with typing(peer, "attach", "contract-typed") as terminal:
        terminal.sendline("echo $kept")
        terminal.expect_exact("yes\r\n")
        terminal.sendline("exit 0")
        terminal.expect(pexpect.EOF)


def test_detach_keys_can_be_others(peer: Peer) -> None:
    """``--detach-keys``, which the engine reads from the request."""
    with typing(peer, *shell("--detach-keys", "ctrl-a,x")) as terminal:
        terminal.expect_exact(PROMPT)
        terminal.send("\x01x")
        terminal.expect(pexpect.EOF)
    assert peer.client.containers.list()[0].status == "running"


def test_detach_keys_that_are_none_are_refused(peer: Peer) -> None:
    """Status 400, and the words where the stream would have been."""
    container = peer.start("sleep", "1000", tty=True, stdin_open=True)
    with hijack(peer, f"/containers/{container.id}/attach?stream=1&stdin=1&detachKeys=ctrl-odd") as attached:
        assert (attached.status, b"ctrl-odd" in attached.read_all()) == (400, True)


def test_exec_opens_a_second_shell(peer: Peer) -> None:
    """``exec -it bash`` beside process 1, on a terminal of its own, whose size follows the window."""
    peer.start("sleep", "1000", name="contract-typed", environment={"PS1": PROMPT})
    with typing(peer, "exec", "-it", "contract-typed", "bash", "--norc") as terminal:
        terminal.expect_exact(PROMPT)
        terminal.sendline("tty; stty size; ps -p 1 -o args=")
        terminal.expect_exact("/dev/pts/0\r\n30 100\r\nsleep 1000\r\n")
        terminal.setwinsize(40, 120)
        terminal.expect_exact(PROMPT)

        def resized() -> bool:
            terminal.sendline("stty size")
            return terminal.expect_exact(["40 120\r\n", "30 100\r\n"]) == 0

        until(resized)
        terminal.sendline("exit 3")
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.exitstatus == 3


def test_top_draws_and_quits(peer: Peer) -> None:
    """A program that draws the whole screen and reads keys, as the first lab's."""
    with typing(peer, "run", "-it", "--rm", "--network", "none", "contract", "top") as terminal:
        terminal.expect_exact("COMMAND")
        terminal.send("q")
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.exitstatus == 0


@pytest.mark.parametrize("sent", ["\x03", "stop"])
def test_followed_logs_end(peer: Peer, sent: str) -> None:
    """``logs -f``: by Ctrl-C, or with the container."""
    container = peer.start("sh", "-c", "echo first; exec sleep 1000", name="contract-typed")
    with typing(peer, "logs", "-f", "contract-typed") as terminal:
        terminal.expect_exact("first\r\n")
        if sent == "stop":
            container.kill()
        else:
            terminal.send(sent)
        terminal.expect(pexpect.EOF)
