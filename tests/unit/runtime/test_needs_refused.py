"""Needs that a kernel refuses, by real switches, filters and mounts in a process of its own, and what is said then."""

from __future__ import annotations

import codecs
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from labrunner.runtime import needs, seccomp, syscalls
from labrunner.runtime.modes import Mode
from labrunner.runtime.spec import DEFAULT_CAPABILITIES
from labrunner.runtime.trial import enter
from tests.unit.runtime.child import in_child


def _told(need: needs.Need) -> list[Any]:
    return [need.ok, need.blocks, need.says, need.lifts]


def test_a_limit_of_user_namespaces_is_named_with_the_command_that_lifts_it() -> None:
    """Each user namespace has such a limit of its own; the host's stays as it is."""

    def work() -> list[Any]:
        enter(Mode.SINGLE)
        Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="utf-8")
        return _told(needs.namespaces(Mode.SINGLE))

    ok, blocks, says, lifts = in_child(work)
    assert (ok, blocks, lifts) == (False, True, "sudo sysctl -w user.max_user_namespaces=15000")
    assert says == "user namespaces are needed, and user.max_user_namespaces is 0, which forbids them"


def test_a_containers_filter_is_named() -> None:
    def work() -> list[Any]:
        syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
        syscalls.install_filter(seccomp.program(DEFAULT_CAPABILITIES, os.uname().machine, False))  # noqa: FBT003 - no emulation
        return _told(needs.namespaces(Mode.SINGLE))

    ok, blocks, says, lifts = in_child(work)
    assert (ok, blocks, lifts) == (False, True, "have the container started with --security-opt seccomp=unconfined")
    assert "a filter of system calls forbids them" in says


def test_a_hidden_part_of_proc_keeps_containers_from_one_of_their_own() -> None:
    """As it is inside a container. The control: before, it was not refused."""

    def work() -> list[Any]:
        enter(Mode.SINGLE)
        before = needs.process_table(Mode.SINGLE)
        syscalls.mount("/dev/null", "/proc/interrupts", None, syscalls.MS_BIND)
        return [before.ok, *_told(needs.process_table(Mode.SINGLE))]

    before, ok, blocks, says, lifts = in_child(work)
    assert (before, ok, blocks) == (True, False, True)
    assert "parts of this one are hidden" in says
    assert lifts == "have the container started with --security-opt systempaths=unconfined"


def test_an_overlay_on_an_overlay_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    """The control: in the folder below, which is of another kind, layers can be stacked."""
    for name in ("lower", "upper", "work"):
        (tmp_path / name).mkdir()

    def work() -> list[Any]:
        enter(Mode.SINGLE)
        before = needs.overlay(tmp_path, Mode.SINGLE)
        os.chdir(tmp_path)
        syscalls.mount("overlay", "upper", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work,userxattr")
        refused = needs.overlay(tmp_path / "upper", Mode.SINGLE)
        return [before.ok, refused.ok, refused.blocks, [each.name for each in (tmp_path / "upper").iterdir()]]

    assert in_child(work) == [True, False, False, []]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["lower", "upper", "work"]


def test_what_user_namespaces_do_without_userxattr_is_found(tmp_path: Path) -> None:
    """The overlay of root's way, in a user namespace: it mounts, and a folder cannot be made again."""

    def work() -> list[Any]:
        enter(Mode.SINGLE)
        asked = syscalls.mount
        syscalls.mount = lambda source, target, kind, flags, options=None: asked(
            source, target, kind, flags, options and options.replace(",userxattr", "")
        )
        return _told(needs.overlay(tmp_path, Mode.SINGLE))

    ok, _, says, _ = in_child(work)
    assert not ok
    assert os.strerror(errno.EIO) in says


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_a_data_folder_of_somebody_else_blocks(tmp_path: Path) -> None:
    def work() -> list[Any]:
        codecs.lookup("ascii")  # whose module that user might not be allowed to read
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        syscalls.prctl(syscalls.PR_SET_DUMPABLE, 1)  # so that /proc/self is this user's own
        found = {need.name: need for need in needs.examine(tmp_path, Mode.SINGLE)}
        return [*_told(found["disk"]), "overlay" in found, found["cgroups"].ok, found["cgroups"].blocks]

    tmp_path.chmod(0o700)
    ok, blocks, says, _, overlay, cgroups, cgroups_block = in_child(work)
    assert (ok, blocks, says, overlay) == (False, True, f"{tmp_path} cannot be written to by this user", False)
    assert (cgroups, cgroups_block) == (False, False)
