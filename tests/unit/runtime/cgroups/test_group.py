"""A group of this host's kernel: limited, joined, killed, removed; and version 2 as far as such a host has it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labrunner.runtime.cgroups import files
from labrunner.runtime.cgroups.group import Group, Usage, engine_of, leftovers
from labrunner.runtime.cgroups.layout import Layout, host
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.spec import Limits
from tests.unit.processes import waited

MB = 1 << 20
HOST = host()
on_version_1 = pytest.mark.skipif(HOST.version != 1, reason="for a host that gives us control groups of version 1")


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    made = Group(HOST, engine_of(str(tmp_path)), "container")
    yield made
    made.kill()
    made.remove()


def _sleeper(group: Group) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(["sleep", "60"])
    group.attach(child.pid)
    return child


def _says(group: Group, controller: str, name: str) -> str:
    folder = group.folder(controller)
    assert folder
    return (folder / name).read_text().strip()


@on_version_1
def test_limits_are_the_kernels(group: Group) -> None:
    group.make(
        Limits(memory=64 * MB, memory_swap=128 * MB, pids=17, cpu_quota=50_000, cpu_period=200_000, cpu_shares=512)
    )
    assert _says(group, "memory", "memory.limit_in_bytes") == str(64 * MB)
    assert _says(group, "memory", "memory.memsw.limit_in_bytes") == str(128 * MB)
    assert _says(group, "pids", "pids.max") == "17"
    assert _says(group, "cpu", "cpu.cfs_quota_us") == "50000"
    assert _says(group, "cpu", "cpu.cfs_period_us") == "200000"
    assert _says(group, "cpu", "cpu.shares") == "512"


@on_version_1
def test_limits_change_while_it_runs_in_either_direction(group: Group) -> None:
    group.make(Limits(memory=64 * MB, memory_swap=64 * MB))
    for memory, swap in ((256, 512), (512, 1024), (32, 64), (64, 64), (64, -1)):
        group.limit(Limits(memory=memory * MB, memory_swap=swap * MB if swap > 0 else -1))
        assert _says(group, "memory", "memory.limit_in_bytes") == str(memory * MB)
        assert swap < 0 or _says(group, "memory", "memory.memsw.limit_in_bytes") == str(swap * MB)
    group.limit(Limits(pids=5))
    assert _says(group, "memory", "memory.limit_in_bytes") == str(64 * MB)


@on_version_1
def test_more_memory_than_memory_and_swap_is_refused(group: Group) -> None:
    group.make(Limits(memory=64 * MB, memory_swap=128 * MB))
    with pytest.raises(RuntimeFailure, match="Memory limit should be smaller than already set memoryswap limit"):
        group.limit(Limits(memory=256 * MB))
    assert _says(group, "memory", "memory.limit_in_bytes") == str(64 * MB)


@on_version_1
def test_a_refused_limit_leaves_no_group(group: Group) -> None:
    for limits in (Limits(memory=MB), Limits(cpu_quota=1 << 60)):  # the one by Docker's rules, the other by the kernel
        with pytest.raises(RuntimeFailure) as refused:
            group.make(limits)
        assert refused.value.kind is Kind.BAD_LIMIT
        assert leftovers(HOST, group.engine) == ()


@on_version_1
def test_members_are_counted_killed_and_gone(group: Group) -> None:
    group.make(Limits())
    child = _sleeper(group)
    assert group.members() == (child.pid,)
    used = group.usage()
    assert used.pids == 1
    assert used.memory is not None
    assert used.cpu is not None
    group.kill()
    assert child.wait() == -signal.SIGKILL
    assert group.members() == ()
    group.remove()
    group.remove()
    assert not any(folder and folder.exists() for folder in map(group.folder, dict(HOST.folders)))


@on_version_1
def test_nothing_is_left_but_what_others_need(group: Group) -> None:
    """The engine's own folder goes with its last container; another engine's stay."""
    other = Group(HOST, group.engine, "other")
    group.make(Limits())
    other.make(Limits())
    assert leftovers(HOST, group.engine) == ("container", "other")
    group.remove()
    assert leftovers(HOST, group.engine) == ("other",)
    other.remove()
    assert not any((base / "labrunner" / group.engine).exists() for _, base in HOST.folders)


@on_version_1
def test_a_group_with_a_process_stays(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    group.make(Limits())
    with _sleeper(group) as child:
        monkeypatch.setattr(files, "ATTEMPTS", 2)
        with pytest.raises(OSError, match="busy"):
            group.remove()
        child.kill()


@on_version_1
def test_what_is_ending_is_waited_for(group: Group) -> None:
    group.make(Limits())
    with subprocess.Popen(["sleep", "0.2"]) as child:
        group.attach(child.pid)
        group.remove()
    assert leftovers(HOST, group.engine) == ()


@on_version_1
def test_a_fork_bomb_is_stopped(group: Group) -> None:
    group.make(Limits(pids=30))
    bomb = subprocess.Popen(
        [sys.executable, "-c", "import os, time\ntime.sleep(.2)\nwhile True:\n try: os.fork()\n except OSError: pass"],
        stderr=subprocess.DEVNULL,
    )
    group.attach(bomb.pid)
    assert waited(lambda: group.usage().pids == 30)
    group.kill()
    assert group.members() == ()
    assert _says(group, "pids", "pids.max") == "0", "what is to be killed may not fork meanwhile"
    bomb.wait()


@on_version_1
def test_a_process_that_wants_too_much_memory_is_killed_and_counted(group: Group) -> None:
    group.make(Limits(memory=16 * MB, memory_swap=16 * MB))
    assert group.oom_kills() == 0
    eater = subprocess.Popen([sys.executable, "-c", "input(); [bytearray(1 << 20) for _ in range(200)]"], stdin=-1)
    group.attach(eater.pid)
    eater.communicate(b"\n")
    assert eater.returncode == -signal.SIGKILL
    assert group.oom_kills() == 1
    group.make(Limits())
    assert group.oom_kills() == 0, "a container that is started again counts anew"


@on_version_1
def test_unusual_devices_are_denied_and_usual_ones_are_not(group: Group, tmp_path: Path) -> None:
    """The control: without the group, the same devices can be opened."""
    group.make(Limits())
    os.mknod(tmp_path / "kmsg", 0o020600, os.makedev(1, 11))
    os.mknod(tmp_path / "zero", 0o020600, os.makedev(1, 5))
    tries = "mknod other b 7 7 && echo made; (: >>zero) && echo zero; (: >>kmsg) && echo kmsg; rm other"
    join = "".join(f"echo $$ >{base}/labrunner/{group.engine}/container/cgroup.procs; " for _, base in HOST.folders)

    def done(script: str) -> list[str]:
        ran = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
        return ran.stdout.split()

    assert done(tries) == ["made", "zero", "kmsg"]
    assert done(join + tries) == ["made", "zero"]


@on_version_1
def test_version_2_is_joined_killed_and_removed_alike(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the tree that a host of version 1 has besides, which has none of the controllers."""
    mounted = [
        line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines() if " - cgroup2 " in line
    ]
    if not mounted:
        pytest.skip("this host has no tree of version 2")
    monkeypatch.setattr(files, "HANDED_DOWN", ())
    second = Group(Layout(2, (("cpuacct", Path(mounted[0])),)), group.engine, "second")
    second.make(Limits())
    child = _sleeper(second)
    assert second.members() == (child.pid,)
    assert second.usage().cpu is not None
    assert leftovers(second.layout, second.engine) == ("second",)
    second.kill()
    assert child.wait() == -signal.SIGKILL
    second.remove()
    assert leftovers(second.layout, second.engine) == ()
    assert not (Path(mounted[0]) / "labrunner" / second.engine).exists()


def test_version_2s_files_are_written_and_read(tmp_path: Path) -> None:
    """A folder with such files stands for the kernel: what is tried is which ones are used for what."""
    group = Group(Layout(2, (("memory", tmp_path), ("pids", tmp_path), ("cpuacct", tmp_path))), "engine", "container")
    folder = tmp_path / "labrunner/engine/container"
    folder.mkdir(parents=True)
    for name, content in {
        "memory.max": "67108864",
        "memory.swap.max": "67108864",
        "memory.current": "4096",
        "memory.events": "low 0\nhigh 0\noom 3\noom_kill 2",
        "pids.max": "max",
        "pids.current": "3",
        "cpu.max": "max 100000",
        "cpu.stat": "usage_usec 5\nuser_usec 2",
    }.items():
        (folder / name).write_text(content)
    group.limit(Limits(memory=32 * MB, memory_swap=64 * MB, pids=9, cpu_quota=50_000))
    assert {name: (folder / name).read_text() for name in ("memory.max", "memory.swap.max", "pids.max", "cpu.max")} == {
        "memory.max": str(32 * MB),
        "memory.swap.max": str(32 * MB),
        "pids.max": "9",
        "cpu.max": "50000 100000",
    }
    assert group.usage() == Usage(4096, 3, 5000)
    assert group.oom_kills() == 2
    with pytest.raises(RuntimeFailure, match="update the memoryswap at the same time"):
        group.limit(Limits(memory=100 * MB))


def test_without_control_groups_nothing_is_done() -> None:
    group = Group(Layout(0, says="there are none"), "engine", "container")
    group.make(Limits(memory=64 * MB))
    group.attach(0)
    group.kill()
    group.remove()
    assert (group.usage(), group.oom_kills(), group.members()) == (Usage(), 0, ())
    assert leftovers(group.layout, "engine") == ()


def test_an_engine_is_known_by_its_data_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert engine_of(str(tmp_path)) == engine_of(str(tmp_path / "link"))
    assert engine_of(str(tmp_path)) != engine_of(str(tmp_path.parent))
