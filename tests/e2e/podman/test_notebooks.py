"""The labs' notebooks on Podman: cell by cell they pass, and a learner without a docker command is told so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labrunner.engine.engine import Engine
from tests.e2e.notebook.learner import seated
from tests.e2e.podman.course import labrunner, without_docker

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(
    "asked", ["first-container", pytest.param("--all", marks=pytest.mark.slow)], ids=["one", "all"]
)
def test_notebooks_pass(asked: str, engine: Engine, tmp_path: Path) -> None:
    """Every step is PASSED, by checks that looked at this Podman."""
    options = ("--notebook", "--offline", "--json", "--engine", "podman")
    done = labrunner("run", asked, *options, XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == 0, done.stdout
    data = json.loads(done.stdout)
    assert data["engine"]["kind"] == "podman"
    assert set(data["stand_ins"]) <= {name for row in engine.image_rows() for name in row["RepoTags"]}
    assert {step["verdict"] for lab in data["labs"] for step in lab["steps"]} == {"passed"}
    assert len(data["labs"]) == (6 if asked == "--all" else 1)


def test_podman_serves_as_docker_in_a_notebook(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no docker command: ``%lab`` says that no scope stands in between, and the cells work."""
    monkeypatch.setenv("PATH", without_docker(tmp_path / "bin"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with seated(engine, tmp_path) as learner:
        said, _ = learner.runs("%load_ext labrunner\n%lab nginx-and-mongo --engine podman")
        assert "docker is podman itself: no scope stands in between" in said
        assert learner.runs("%check nginx")[1]["verdict"] == "failed"
        learner.runs("%%bash\ndocker container run --detach --publish 8080:80 --name nginx nginx")
        try:
            assert learner.runs("%check nginx")[1]["verdict"] == "passed"
            assert "is at its start" in learner.runs("%reset_lab")[0]
            assert engine.container("nginx") is None
        finally:
            engine.remove_container("nginx")
