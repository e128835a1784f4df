"""Capabilities by name and number, and the sets of a process that gives some up. As root, since others have none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labrunner.runtime import capabilities, syscalls
from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.spec import DEFAULT_CAPABILITIES
from tests.unit.runtime.child import in_child

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives up what only root has")


def sets() -> dict[str, int]:
    """This process's sets, as the kernel tells of them: inheritable, permitted, effective, bounding, ambient."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return {line[3:6]: int(line.split()[1], 16) for line in lines if line.startswith("Cap")}


def test_dockers_default_is_the_number_that_docker_shows() -> None:
    assert capabilities.mask(DEFAULT_CAPABILITIES) == 0xA80425FB


def test_names_and_bits_are_the_same_thing() -> None:
    everything = frozenset(capabilities.NAMES)
    assert capabilities.names(capabilities.mask(everything)) == everything
    assert capabilities.mask(everything) == (1 << 41) - 1
    assert capabilities.names(1 << 63) == frozenset()


def test_what_is_no_capability_is_named() -> None:
    with pytest.raises(RuntimeFailure, match="not CAP_KILL"):
        capabilities.mask({"CAP_KILL", "CHOWN"})


@as_root
def test_root_keeps_what_was_asked_and_what_it_has() -> None:
    def work() -> dict[str, int]:
        capabilities.drop({"CHOWN", "SETPCAP"})
        had = capabilities.mask({"CHOWN", "SETPCAP"})
        syscalls.capset(had, had, 0)
        capabilities.settle({"CHOWN", "NET_RAW"}, 0)
        return sets()

    chown, bound = capabilities.mask({"CHOWN"}), capabilities.mask({"CHOWN", "SETPCAP"})
    assert in_child(work) == {"Inh": 0, "Prm": chown, "Eff": chown, "Bnd": bound, "Amb": 0}


@as_root
def test_nothing_is_inheritable_even_where_it_was() -> None:
    """CVE-2022-24769. The control: before, the process has a capability that every program it runs would get."""

    def work() -> list[dict[str, int]]:
        kill = capabilities.mask({"KILL"})
        effective, permitted, _ = syscalls.capget()
        syscalls.capset(effective, permitted, kill)
        syscalls.prctl(syscalls.PR_CAP_AMBIENT, 2, 5)  # raise KILL
        before = sets()
        capabilities.drop(DEFAULT_CAPABILITIES)
        capabilities.settle(DEFAULT_CAPABILITIES, 0)
        return [before, sets()]

    before, after = in_child(work)
    assert before["Inh"] == before["Amb"] == capabilities.mask({"KILL"})
    assert (after["Inh"], after["Amb"]) == (0, 0)


@as_root
def test_another_user_has_none_and_keeps_the_bound() -> None:
    def work() -> dict[str, int]:
        capabilities.drop({"NET_RAW"})
        syscalls.prctl(syscalls.PR_SET_KEEPCAPS, 1)
        os.setgid(4321)
        os.setuid(4321)
        capabilities.settle({"NET_RAW"}, 4321)
        return sets()

    assert in_child(work) == {"Inh": 0, "Prm": 0, "Eff": 0, "Bnd": capabilities.mask({"NET_RAW"}), "Amb": 0}
