"""Who outlives whom: containers outlive zygote and daemon, and end with their shim; nobody waits for ever."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from labrunner.runtime import channel, folder, identity
from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.messages import Dismiss, Start
from labrunner.runtime.modes import Mode
from labrunner.runtime.spec import Bind
from tests.engine.harness import Container, Runtime, gone, zygote


def state(container: Container) -> folder.State:
    """Who runs."""
    found = folder.read(Path(container.spec.folder), folder.STATE, folder.State)
    assert found
    return found


def test_a_container_lives_on_without_zygote_and_first_connection(running: Runtime) -> None:
    shared = running.folder("shared")
    with zygote(running.data, running.mode) as other:
        script = "echo before; until test -e /shared/go; do sleep 0.01; done; echo after; exit 9"
        container = other.create("sh", "-c", script, binds=(Bind(source=str(shared), target="/shared"),))
        container.start()
        container.until("before")
        container.link.close()
    (shared / "go").touch()
    assert container.wait().code == 9
    assert container.output() == "before\nafter\n"


def test_the_next_zygote_uses_the_user_namespace_that_lives(running: Runtime) -> None:
    if running.mode is Mode.ROOT:
        pytest.skip("root needs no user namespace")
    first = running.create("sleep", "100")
    first.start()
    with zygote(running.data, running.mode) as other:
        second = other.create("sleep", "100")
        second.start()
        assert _user_namespace(first) == _user_namespace(second)
        second.signal(9)
        second.wait()
    first.signal(9)
    first.wait()


def test_it_ends_with_its_shim(running: Runtime) -> None:
    container = running.create("sleep", "100")
    started = container.start()
    os.kill(state(container).shim_pid, signal.SIGKILL)
    gone(started.pid, started.start_time)
    assert not Path(container.spec.folder, folder.EXIT).exists()
    running.remove_group(container)


def test_one_that_is_dismissed_leaves_nothing(running: Runtime) -> None:
    container = running.create("sleep", "100")
    channel.call(container.link, Dismiss())
    assert channel.receive(container.link) is None
    assert not Path(container.spec.folder, folder.SOCKET).exists()


def test_one_whose_daemon_goes_before_the_start_ends(running: Runtime) -> None:
    container = running.create("sleep", "100")
    with container.connect() as other:
        container.link.close()
        assert channel.receive(other) is None


def test_nobody_starts_it_twice(running: Runtime) -> None:
    container = running.create("sleep", "100")
    container.start()
    with pytest.raises(RuntimeFailure, match="has been started"):
        channel.call(container.link, Start())
    container.signal(9)
    container.wait()


def test_start_times_are_of_this_boot(running: Runtime) -> None:
    container = running.create("sleep", "100")
    container.start()
    found = state(container)
    assert not identity.is_alive(found.pid, found.start_time + 1, found.boot_id)
    assert not identity.is_alive(found.pid, found.start_time, "another boot")
    container.signal(9)
    container.wait()


def _user_namespace(container: Container) -> str:
    return str(Path(f"/proc/{state(container).pid}/ns/user").readlink())
