"""All labs pass on Podman and leave nothing, and what a learner does there is judged by its outcome."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labrunner.engine.engine import Engine
from labrunner.model.verdict import EngineFacts
from tests.e2e.podman.course import client, labrunner, without_docker

pytestmark = pytest.mark.engine


def test_service_is_started_where_none_runs(found: str, podman: EngineFacts) -> None:
    """With a registry of this host marked as one that speaks plain HTTP; and it is found from then on."""
    if "Podman's usual socket" in found:
        pytest.skip("a service of Podman ran on this host before the tests")
    assert found.endswith("(Podman's Docker-compatible service, started by labrunner)")
    registries = Engine(podman.endpoint).api.json("GET", "/info")["RegistryConfig"]["IndexConfigs"]
    assert registries["localhost"]["Secure"] is False
    assert (podman.kind, podman.why) == ("podman", "Podman's usual socket")


def test_all_labs_pass_and_leave_nothing(engine: Engine, tmp_path: Path) -> None:
    """Every step of six labs is PASSED, each check with its evidence."""
    state = str(tmp_path / "state")
    done = labrunner("run", "--all", "--offline", "--json", "--engine", "podman", XDG_STATE_HOME=state)
    assert done.returncode == 0, done.stdout
    data = json.loads(done.stdout)
    assert data["engine"]["kind"] == "podman"
    assert set(data["stand_ins"]) <= {name for row in engine.image_rows() for name in row["RepoTags"]}
    steps = [step for lab in data["labs"] for step in lab["steps"]]
    assert len(steps) == 34
    assert {step["verdict"] for step in steps} == {"passed"}
    assert all(check["evidence"] for step in steps for check in step["checks"])
    assert not any("limited" in check["evidence"] for step in steps for check in step["checks"])


def test_learners_own_work_is_judged(engine: Engine, tmp_path: Path) -> None:
    """FAILED with the command that mends it until it is done; a wrong limit of memory is refused."""

    def check(step: str) -> dict[str, Any]:
        done = labrunner("check", step, "--json", "--home", str(tmp_path), "--engine", "podman")
        report = json.loads(done.stdout)["labs"][0]["steps"][0]
        assert isinstance(report, dict)
        return report

    def limit(size: str) -> None:
        client(f"podman --remote container update --memory {size} --memory-swap {size} {top}", engine.host)

    assert labrunner("start", "first-container", "--home", str(tmp_path)).returncode == 0
    assert (step := check("top"))["verdict"] == "failed"
    assert "there is none of the image ubuntu" in step["checks"][0]["reason"]
    top = client("docker container run --detach --tty ubuntu top", engine.host)
    try:
        assert check("top")["checks"][0]["evidence"]["container"] == top
        assert (step := check("memory"))["verdict"] == "failed"
        assert step["checks"][0]["next"].startswith("podman container update --memory 64m")
        limit("32m")
        assert check("memory")["verdict"] == "failed"
        limit("64m")
        assert check("memory")["verdict"] == "passed"
        client(f"docker container stop --time 0 {top}", engine.host)
        assert check("stop")["verdict"] == "passed"
    finally:
        client(f"docker container rm --force {top}", engine.host)


def test_podman_serves_as_docker_where_there_is_no_docker_command(engine: Engine, tmp_path: Path) -> None:
    """In the lab's shell, which says that no scope stands in between; what was made there is judged and reset."""
    path = without_docker(tmp_path / "bin")
    where = {"PATH": path, "XDG_RUNTIME_DIR": "", "LABRUNNER_HOME": str(tmp_path / "home")}
    assert labrunner("start", "nginx-and-mongo", **where).returncode == 0
    commands = "docker container run --detach --publish 8080:80 --name nginx nginx\n"
    typed = labrunner("shell", "--engine", "podman", given=commands, **where)
    assert typed.returncode == 0, typed.stderr
    assert "docker is podman itself: no scope stands in between" in typed.stderr
    try:
        assert labrunner("check", "nginx", "--engine", "podman", **where).returncode == 0
    finally:
        assert labrunner("reset", "nginx-and-mongo", "--engine", "podman", **where).returncode == 0
    assert engine.container("nginx") is None
