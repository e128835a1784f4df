"""The lab first-container: what its checks refuse, and what they accept."""

from __future__ import annotations

import pytest

from tests.e2e.near_misses.learner import Learner
from tests.e2e.near_misses.solution import (
    LIMIT,
    comes_to,
    compare_namespaces,
    end_top,
    find_top,
    leave_shell,
    limit_memory,
    open_shell,
    read_host_pid,
    run_top,
)

pytestmark = pytest.mark.engine

TOP = "first-container/top"


def test_top_has_to_run_as_process_1_of_its_own_container(learner: Learner) -> None:
    comes_to(learner, TOP)
    learner.is_blocked("list", on=TOP, answer="3f0")
    learner.is_refused("top", because="there is none of the image ubuntu")

    other_image = learner.types("docker run -d -t nginx top")
    learner.is_refused("top", because="there is none of the image ubuntu")
    learner.types(f"docker container rm --force {other_image}")

    learner.types("docker container run --detach --name labrunner-test-beside ubuntu sleep 600")
    learner.is_refused("top", because="labrunner-test-beside runs sleep 600")

    learner.types("docker container run ubuntu top", fails=True)  # no -t, so top does not start
    learner.is_refused("top", because="the last one is exited with exit code 1")

    shared = learner.types("docker run -d -t --pid host ubuntu top")
    learner.is_refused("top", because="was to be process 1")
    learner.types(f"docker container rm --force {shared}")

    detached = learner.types("docker run -dt ubuntu top")
    learner.types(f"docker container pause {detached}")
    learner.is_refused("top", because="was to run, and it is paused")
    learner.types(f"docker container unpause {detached}")
    assert learner.passes("top")["container"] == detached
    learner.types(f"docker container rm --force {detached}")
    assert (
        learner.asks_about("top").state == "ended"
    )  # no longer there, as after the last step; the next one replaces it

    networked = learner.types("docker run -d -t --network host ubuntu top")
    learner.passes("top")
    learner.is_refused("namespaces", because="only the user namespace may be the host's", answer="net")
    learner.types(f"docker container rm --force {networked}")

    run_top(learner)
    learner.is_refused("shell", because="and its processes are top")  # of the new container, though nobody asked of it
    evidence = learner.passes("top")
    assert (evidence["pid"], evidence["cmd"]) == (1, "top")
    assert evidence["container"].startswith(find_top(learner))


def test_the_id_has_to_be_the_one_of_tops_container(learner: Learner) -> None:
    comes_to(learner, "first-container/list")
    top = learner.passed[TOP]["container"]
    beside = learner.types("docker container run --detach ubuntu sleep 600")
    learner.is_refused("list", because="no answer was given")
    learner.is_refused("list", because="at least three digits", answer=top[:2])
    learner.is_refused("list", because="is not it", answer=learner.digits_of(beside))
    learner.passes("list", answer=learner.digits_of(top))


def test_bash_has_to_run_beside_top(learner: Learner) -> None:
    comes_to(learner, "first-container/shell")
    learner.is_blocked("leave", on="first-container/shell")
    learner.is_refused("shell", because="and its processes are top")
    learner.types("docker container run --detach --tty ubuntu bash")
    learner.is_refused("shell", because="and its processes are top")
    learner.types(f"docker container exec {find_top(learner)} bash")  # no -i, so bash ends at once
    learner.is_refused("shell", because="and its processes are top")
    open_shell(learner)
    assert "bash" in learner.passes("shell")["processes"]


def test_the_shell_has_to_end_and_top_to_stay(learner: Learner) -> None:
    comes_to(learner, "first-container/leave")
    learner.is_refused("leave", because="bash was to end")
    leave_shell(learner)
    assert learner.passes("leave")["remaining"] == ["top"]
    assert learner.asks_about("shell").state == "ended"


def test_the_pid_has_to_be_tops_on_the_host(learner: Learner) -> None:
    comes_to(learner, "first-container/host")
    client = learner.terminals["main"].pid
    learner.is_refused("host", because=f"'{client}' is not it", answer=str(client))
    learner.is_refused("host", because="'1' is not it", answer="1")
    right = learner.types(f"docker container inspect --format '{{{{.State.Pid}}}}' {find_top(learner)}")
    assert right == read_host_pid(learner)
    assert learner.passes("host", answer=right)["host_pid"] == int(right)


def test_the_namespace_has_to_be_the_shared_one(learner: Learner) -> None:
    comes_to(learner, "first-container/namespaces")
    line = compare_namespaces(learner)
    learner.is_refused("namespaces", because="'pid' is not it", answer="pid")
    wrong = "none" if line != "none" else "user"
    learner.is_refused("namespaces", because=f"'{wrong}' is not it", answer=wrong)
    evidence = learner.passes("namespaces", answer=line)
    assert evidence["shared"] == ([] if line == "none" else [line.partition(":")[0]])


def test_the_memory_limit_has_to_be_64_mib(learner: Learner) -> None:
    comes_to(learner, "first-container/memory")
    learner.is_refused("memory", because="has none")
    learner.types(f"docker container update --memory 32m --memory-swap 32m {find_top(learner)}")
    learner.is_refused("memory", because=f"has {32 << 20}")
    limit_memory(learner)
    assert learner.passes("memory")["limit"] == 64 << 20


def test_a_limit_on_another_container_is_none(learner: Learner) -> None:
    comes_to(learner, "first-container/memory")
    top = find_top(learner)
    learner.types(f"docker container update --memory 128m --memory-swap 128m {top}")
    beside = learner.types("docker container run --detach ubuntu sleep 600")
    learner.types(f"{LIMIT} {beside}")
    learner.is_refused("memory", because=f"has {128 << 20}", state="broken")
    learner.types(f"{LIMIT} {top}")
    learner.passes("memory")


def test_top_has_to_end(learner: Learner) -> None:
    comes_to(learner, "first-container/stop")
    learner.is_refused("stop", because="it still runs")
    learner.types(f"docker container pause {find_top(learner)}")
    learner.is_refused("stop", because="it still runs")
    learner.types(f"docker container unpause {find_top(learner)}")
    end_top(learner)
    learner.passes("stop")
    states = learner.finds_all_passed("first-container")
    assert states.pop("stop") == "holds"
    assert set(states.values()) == {"ended"}
