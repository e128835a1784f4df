"""What containers need of this host: each need is tried, and what is missing is told with what lifts it."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from labrunner.runtime import needs, syscalls
from labrunner.runtime.modes import Mode
from labrunner.runtime.needs import Need
from labrunner.runtime.trial import attempt


def test_every_need_is_tried_and_leaves_nothing(tmp_path: Path) -> None:
    """As whoever runs the tests, in the way that is theirs."""
    mode = Mode.ROOT if os.geteuid() == 0 else Mode.SINGLE
    found = {need.name: need for need in needs.examine(tmp_path, mode)}
    assert {"namespaces", "disk", "cgroups", "files"} <= found.keys()
    assert all(need.says and not need.says.endswith(".") for need in found.values())
    assert list(tmp_path.iterdir()) == []
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


def test_program_prints_them_as_json(tmp_path: Path) -> None:
    """For who must not import this; a way to run that there is not is a need as well."""
    command = [sys.executable, "-m", "labrunner.runtime.needs", str(tmp_path)]
    told = subprocess.run(command, capture_output=True, check=True).stdout
    assert "disk" in {need.name for need in msgspec.json.decode(told, type=list[Need])}
    odd = subprocess.run(
        command, capture_output=True, check=True, env={**os.environ, "LABRUNNER_NAMESPACE_MODE": "subid"}
    ).stdout
    (need,) = msgspec.json.decode(odd, type=list[Need])
    assert (need.name, need.ok, need.blocks) == ("mode", False, True)


def test_trial_tells_what_the_kernel_said() -> None:
    """And with what: the errno and the attempt; a process that is killed is no success."""

    def refuse() -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), "mount proc")

    refused = attempt(refuse)
    assert refused is not None
    assert (refused.errno, refused.filename) == (errno.EPERM, "mount proc")
    assert attempt(lambda: None) is None
    assert attempt(lambda: os.kill(os.getpid(), 9)) is not None


@pytest.mark.parametrize(
    ("switch", "value", "lifts"),
    [
        ("user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=15000"),
        ("kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ],
)
def test_switch_that_forbids_user_namespaces_is_named(
    monkeypatch: pytest.MonkeyPatch, switch: str, value: str, lifts: str
) -> None:
    """With the command that turns it."""
    monkeypatch.setattr(needs, "attempt", lambda _: PermissionError(errno.EPERM, "no", "unshare"))
    monkeypatch.setattr(needs, "_content", lambda path: value if str(path) == f"/proc/sys/{switch}" else "")
    need = needs.namespaces(Mode.SINGLE)
    assert (need.ok, need.blocks, need.lifts) == (False, True, lifts)


def test_old_kernel_and_container_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is not there, a filter, and neither."""
    monkeypatch.setattr(needs, "_content", lambda _: "")
    monkeypatch.setattr(needs, "attempt", lambda _: OSError(errno.ENOSYS, "no", "restrict a mount"))
    assert "lacks a call of Linux 5.12 (restrict a mount)" in needs.namespaces(Mode.ROOT).says
    monkeypatch.setattr(needs, "attempt", lambda _: OSError(errno.EPERM, "no", "unshare"))
    assert "the kernel refuses unshare" in needs.namespaces(Mode.ROOT).says
    monkeypatch.setattr(needs, "_content", lambda _: "Seccomp:\t2")
    assert "seccomp=unconfined" in needs.namespaces(Mode.ROOT).lifts


def test_masked_process_table_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine never shows the host's processes instead."""
    monkeypatch.setattr(needs, "attempt", lambda _: OSError(errno.EPERM, "Operation not permitted", "mount proc"))
    need = needs.process_table(Mode.SINGLE)
    assert (need.ok, need.blocks) == (False, True)
    assert "systempaths=unconfined" in need.lifts


def test_refused_overlay_is_no_blocker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Layers are copied instead."""
    monkeypatch.setattr(needs, "attempt", lambda _: OSError(errno.EINVAL, "Invalid argument", "mount overlay"))
    need = needs.overlay(tmp_path, Mode.ROOT)
    assert (need.ok, need.blocks) == (False, False)


def test_network_file_system_blocks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is named, and so is the way out."""
    monkeypatch.setattr(syscalls, "file_system_type", lambda _: 0x6969)
    need = needs.place(tmp_path)
    assert (need.ok, need.blocks) == (False, True)
    assert "network file system (NFS)" in need.says


def test_little_room_and_few_files_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The engine starts all the same."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
    assert not needs.place(tmp_path).ok
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    few = needs.descriptors()
    assert (few.ok, few.blocks) == (False, False)
    assert few.says == "this user may open 64 files at once"
