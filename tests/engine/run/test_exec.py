"""Processes beside a container's first one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from labrunner.runtime import channel
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.messages import Exec, ExecExited, ExecStarted
from labrunner.runtime.modes import Mode
from labrunner.runtime.spec import Process
from tests.engine.harness import PATH, Container, Runtime


@pytest.fixture
def container(running: Runtime) -> Iterator[Container]:
    """One that runs."""
    made = running.create("sleep", "100")
    made.start()
    yield made
    made.signal(9)
    made.wait()


def test_it_is_in_the_container_and_its_exit_code_is_told(container: Container) -> None:
    assert container.exec("sh", "-c", "cat /proc/1/cmdline; uname -n; exit 6") == (6, "sleep\x00100\x00box\n")


def test_it_has_its_own_user_folder_and_environment(running: Runtime, container: Container) -> None:
    fields = {"user": "alice", "cwd": "/etc", "env": (PATH, "A=b")}
    code, output = container.exec("sh", "-c", "id -u; pwd; echo $A $HOME", **fields)
    assert (code, output) == (0, f"{1000 if running.mode is Mode.ROOT else 0}\n/etc\nb /home/alice\n")


def test_its_rights_are_the_containers(container: Container) -> None:
    _, first = container.exec("cat", "/proc/1/status")
    _, other = container.exec("cat", "/proc/self/status")
    named = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp:", "SigIgn", "SigBlk")
    lines = [[line for line in text.splitlines() if line.startswith(named)] for text in (first, other)]
    assert lines[0] == lines[1]
    assert container.exec("sh", "-c", "umask; ls -m /proc/self/fd") == (0, "0022\n0, 1, 2, 3\n")


def test_it_counts_in_the_containers_group(running: Runtime, container: Container) -> None:
    if running.mode is Mode.SINGLE:
        pytest.skip("an ordinary user has no control group here")
    assert container.exec("cat", "/proc/self/cgroup")[1] == container.exec("cat", "/proc/1/cgroup")[1]


@pytest.mark.parametrize(
    ("process", "kind"),
    [
        (Process(args=("nowhere",), env=(PATH,)), Kind.NOT_FOUND),
        (Process(args=("/etc/passwd",), env=(PATH,)), Kind.NOT_EXECUTABLE),
        (Process(args=("true",), env=(PATH,), cwd="/nowhere"), Kind.BAD_WORKDIR),
        (Process(args=("true",), env=(PATH,), user="nobody-here"), Kind.NO_SUCH_USER),
    ],
)
def test_what_cannot_run_is_told(container: Container, process: Process, kind: Kind) -> None:
    with container.connect() as link, pytest.raises(RuntimeFailure) as caught:
        channel.call(link, Exec(process=process))
    assert caught.value.kind is kind


def test_a_terminal_is_the_containers_own(container: Container) -> None:
    script = "tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all; read x; echo got $x; exit 3"
    wanted = Process(args=("sh", "-c", script), env=(PATH,), tty=True, rows=33, columns=111)
    with container.connect() as link:
        answer, (master,) = channel.call(link, Exec(process=wanted))
        assert isinstance(answer, ExecStarted)
        os.write(master, b"word\n")
        end = channel.receive(link)
    output = _rest(master)
    assert end
    assert isinstance(end[0], ExecExited)
    assert end[0].code == 3
    assert output.replace("\r\n", "\n").startswith("/dev/pts/0\n33 111\nall\n") or "got word" in output
    assert "/dev/pts/0" in output
    assert "33 111" in output
    assert "all" in output
    assert "got word" in output


def test_it_ends_with_the_container(running: Runtime) -> None:
    made = running.create("sleep", "100")
    made.start()
    with made.connect() as link:
        answer, _ = channel.call(link, Exec(process=Process(args=("sleep", "100"), env=(PATH,), tty=True)))
        assert isinstance(answer, ExecStarted)
        made.signal(9)
        end = channel.receive(link)
    assert end
    assert isinstance(end[0], ExecExited)
    assert end[0].code == 137
    assert made.wait().code == 137


def _rest(master: int) -> str:
    output = b""
    try:
        while piece := os.read(master, 4096):
            output += piece
    except OSError:  # nobody has the terminal open any more
        pass
    os.close(master)
    return output.decode()
