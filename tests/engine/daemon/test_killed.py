"""A daemon that was killed finds everything again, from the first container on."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from pathlib import Path

import docker
import pytest
import requests
import urllib3

from tests.engine.daemon.daemons import IMAGE, Daemon, daemon, run

COUNT = "i=0; while [ $i -lt 40 ]; do echo $i; i=$((i+1)); sleep 0.1; done; exit 7"


def test_what_runs_runs_on_and_its_end_and_log_are_known(data: Path) -> None:
    with daemon(data) as (engine, first):
        counts = run(first, "sh", "-c", COUNT, name="counts")
        short = run(first, "sh", "-c", "sleep 0.5; echo bye; exit 3", name="short")
        pid = first.api.inspect_container("counts")["State"]["Pid"]
        engine.kill()
        time.sleep(1)
        client = engine.start()
        assert client.api.inspect_container("counts")["State"]["Pid"] == pid
        assert client.containers.get("short").wait()["StatusCode"] == 3
        assert client.containers.get("short").logs() == b"bye\n"
        followed = b"".join(client.containers.get("counts").logs(stream=True, follow=True))
        assert followed == b"".join(b"%d\n" % number for number in range(40))
        assert client.containers.get("counts").wait()["StatusCode"] == 7
        assert {counts.id, short.id} == engine.runs()


def test_what_runs_can_be_spoken_to_again(data: Path) -> None:
    with daemon(data) as (engine, first):
        run(first, "sleep", "1000", name="steady")
        engine.kill()
        client = engine.start()
        steady = client.containers.get("steady")
        assert steady.exec_run(["echo", "here"]).output == b"here\n"
        steady.kill()
        assert steady.wait()["StatusCode"] == 137
        steady.start()
        assert client.containers.get("steady").status == "running"


def test_policies_and_rm_hold_over_a_kill(data: Path) -> None:
    with daemon(data) as (engine, first):
        run(first, "sh", "-c", "sleep 0.3", name="again", restart_policy={"Name": "always"})
        run(first, "sh", "-c", "sleep 0.3", name="once")
        run(first, "sh", "-c", "sleep 0.3", name="gone", auto_remove=True)
        engine.kill()
        time.sleep(1)
        client = engine.start()
        assert {each.name: each.status for each in client.containers.list(all=True)} == {
            "again": "running",
            "once": "exited",
        }


def test_a_container_that_was_only_made_starts_after_a_kill(data: Path) -> None:
    with daemon(data) as (engine, first):
        first.containers.create(IMAGE, ["echo", "late"], name="made")
        engine.kill()
        client = engine.start()
        made = client.containers.get("made")
        made.start()
        assert made.wait()["StatusCode"] == 0
        assert made.logs() == b"late\n"


def test_images_are_whole_or_not_there(data: Path) -> None:
    with daemon(data) as (engine, first):
        archive = b"".join(first.images.get(IMAGE).save(named=True))
        first.images.remove(IMAGE)

        def load() -> None:
            with contextlib.suppress(OSError, docker.errors.APIError, urllib3.exceptions.HTTPError):
                first.images.load(archive)

        loading = threading.Thread(target=load)
        loading.start()
        time.sleep(0.02)
        engine.kill()
        loading.join()
        client = engine.start()
        client.images.load(archive)
        assert client.containers.run(IMAGE, ["echo", "whole"], remove=True) == b"whole\n"


@pytest.mark.parametrize("times", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_killed_at_any_point_nothing_is_lost_and_nothing_half_made_is_left(data: Path, times: int) -> None:
    """Every container of which the client heard is there or, where it heard of the removal, is not."""
    draw = random.Random(20)  # noqa: S311 - the same points each time
    with daemon(data) as (engine, first):
        client = first
        steady = run(first, "sleep", "1000", name="steady")
        kept: set[str] = {str(steady.id)}
        for _ in range(times):
            known, gone = _work_until_killed(engine, client, draw.uniform(0, 0.3))
            client = engine.start()
            there = {str(each.id) for each in client.containers.list(all=True)}
            assert kept | (known - gone) <= there
            assert not gone & there
            assert client.containers.get("steady").status == "running"
            for identity in there - kept:
                client.api.remove_container(identity, force=True)
            assert engine.runs() == kept


def _work_until_killed(engine: Daemon, client: docker.DockerClient, seconds: float) -> tuple[set[str], set[str]]:
    """Make, start and remove containers while the daemon is killed. Returns those of which it said: made; removed."""
    made: set[str] = set()
    removed: set[str] = set()
    asked: set[str] = set()

    def work() -> None:
        with contextlib.suppress(requests.exceptions.RequestException):
            while True:
                identity = str(client.api.create_container(IMAGE, ["true"])["Id"])
                made.add(identity)
                client.api.start(identity)
                client.api.wait(identity)
                asked.add(identity)
                client.api.remove_container(identity)
                removed.add(identity)

    working = threading.Thread(target=work)
    working.start()
    time.sleep(seconds)
    engine.kill()
    working.join()
    return made - (asked - removed), removed
